"""日本語の文面。What we send to residents in Japanese: a letter's name, subject and body; and words for all letters."""

LETTERS: dict[str, tuple[str, str]] = {
    "confirm": (
        "【{organisation}】登録の確認（このメールに返信してください）",
        """登録のお申し込みを受け付けました。まだ登録は終わっていません。

【次にすること】
このメールに、そのまま返信してください。本文は何も書かなくて構いません。

地区：{districts}
期間：{until}まで（年度ごとの登録です）

返信すると、下の規約に同意して登録したことになります。
{hours}時間以内に返信がなければ、お申し込みは自動的に消えます。
お心当たりがなければ、何もせずにこのメールを削除してください。

{signature}
{carrier}
―― 利用規約（版：{version}）――
{terms}""",
    ),
    "form": (
        "【{organisation}】登録する地区を選んで返信してください",
        """子どもの安全に関するお知らせの、登録のご案内です。

【次にすること】
このメールに返信し、本文に地区の番号か名前を書いてください。
いくつでも選べます。（例：1、3）

{list}

期間：{until}まで（年度ごとの登録です）
地区を書いて返信すると、下の規約に同意して登録したことになります。
お心当たりがなければ、何もせずにこのメールを削除してください。
(In English: reply with the numbers of your districts. That is your consent to the terms.)

{signature}
{carrier}
―― 利用規約（版：{version}）――
{terms}""",
    ),
    "form_again": (
        "【{organisation}】地区が読み取れませんでした",
        """お返事から地区を読み取れませんでした。まだ登録は終わっていません。

【次にすること】
このメールに返信し、本文に地区の番号か名前だけを書いてください。（例：1、3）

{list}

{signature}""",
    ),
    "receipt": (
        "【{organisation}】登録が完了しました",
        """登録が完了しました。

地区：{districts}
期間：{until}まで（その日に登録は自動で消えます）
同意：利用規約 版 {version}（{agreed}）

お知らせは help@{domain} から届きます。このアドレスを受信できるように
設定してください（ドメイン指定受信：{domain}）。
やめるときは unsubscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "already": (
        "【{organisation}】すでに登録されています",
        """このアドレスは、すでに登録されています。何もする必要はありません。

地区：{districts}
期間：{until}まで

やめるときは unsubscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "mistake_unknown": (
        "【{organisation}】読み取れない行がありました",
        """お申し込みは受け付けていません。{position}行目に、ここでは使えない項目がありました。

【次にすること】
次のように書いて、もう一度送ってください。

{lines}

{signature}""",
    ),
    "mistake_repeated": (
        "【{organisation}】同じ項目が2回ありました",
        """お申し込みは受け付けていません。「{field}」が2回書かれていました。

【次にすること】
次のように1回だけ書いて、もう一度送ってください。

{lines}

{signature}""",
    ),
    "mistake_value": (
        "【{organisation}】読み取れない行がありました",
        """お申し込みは受け付けていません。「{field}」の書き方が読み取れませんでした。

【次にすること】
次のように書いて、もう一度送ってください。

{lines}

{signature}""",
    ),
    "unreadable": (
        "【{organisation}】メールの文字を読み取れませんでした",
        """お送りいただいたメールは、文字の形式が特殊で読み取れませんでした。
何も変わっていません。

【次にすること】
メールの形式を「テキスト形式」、文字コードを「UTF-8」にして、もう一度送ってください。
登録は、subscribe@{domain} に空メールを送るだけでも始められます。

{signature}""",
    ),
    "unknown_district": (
        "【{organisation}】地区が見つかりませんでした",
        """お申し込みは受け付けていません。一覧にない地区の名前がありました。
近い名前の地区は、次のとおりです。

{nearest}

【次にすること】
正しい名前で、もう一度送ってください。地区の一覧が必要なときは、
subscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "token_over_subscribe": (
        "【{organisation}】この確認メールは使えません",
        """この確認メールは、すでに使われたか、期限が切れています。

【次にすること】
登録が完了したというメールが届いていれば、何もする必要はありません。
届いていなければ、subscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "token_over_leave": (
        "【{organisation}】この確認メールは使えません",
        """この確認メールは、すでに使われたか、期限が切れています。

【次にすること】
解除が完了したというメールが届いていれば、何もする必要はありません。
届いていなければ、unsubscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "token_over_change": (
        "【{organisation}】この確認メールは使えません",
        """この確認メールは、すでに使われたか、期限が切れています。

【次にすること】
変更が完了したというメールが届いていれば、何もする必要はありません。
届いていなければ、もう一度 change@{domain} に送ってください。

{signature}""",
    ),
    "token_over_status": (
        "【{organisation}】この確認メールは使えません",
        """この確認メールは、すでに使われたか、期限が切れています。

【次にすること】
登録内容を確認するときは、status@{domain} に空メールを送ってください。

{signature}""",
    ),
    "confirm_change": (
        "【{organisation}】地区変更の確認（このメールに返信してください）",
        """地区を変更するお申し込みを受け付けました。まだ変更されていません。

【次にすること】
このメールに、そのまま返信してください。本文は何も書かなくて構いません。

{change}

{hours}時間以内に返信がなければ、何も変わりません。
お心当たりがなければ、何もせずにこのメールを削除してください。

{signature}""",
    ),
    "change_how": (
        "【{organisation}】地区の変更のしかた",
        """変更する地区が書かれていませんでした。何も変わっていません。

【次にすること】
本文に次のどれかを書いて、change@{domain} に送ってください。

地区：{example}　　　（この地区だけにする）
地区：＋{other}　　（地区を加える）
地区：－{other}　　（地区をはずす）

{signature}""",
    ),
    "change_leaves_nothing": (
        "【{organisation}】地区を変更できませんでした",
        """その変更では、登録した地区がなくなります。何も変わっていません。

【次にすること】
登録を解除するときは、unsubscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "changed": (
        "【{organisation}】地区を変更しました",
        """地区を変更しました。

地区：{districts}
期間：{until}まで

元に戻すときは、本文に「地区：（前の地区の名前）」と書いて、
change@{domain} に送ってください。

{signature}""",
    ),
    "confirm_status": (
        "【{organisation}】登録内容の照会（このメールに返信してください）",
        """登録内容の照会を受け付けました。

【次にすること】
このメールに、そのまま返信してください。登録内容をお送りします。

お心当たりがなければ、何もせずにこのメールを削除してください。

{signature}""",
    ),
    "status": (
        "【{organisation}】登録内容のお知らせ",
        """このアドレスの登録として保管している情報は、次のとおりです。

メールアドレス：このメールの宛先
{years}
同意：利用規約 版 {version}（{agreed}、{way}）
{more}

変更するときは change@{domain}、解除するときは unsubscribe@{domain} に
メールを送ってください。

{signature}

―― 同意された利用規約（版：{version}）――
{terms}""",
    ),
    "not_registered": (
        "【{organisation}】登録はありません",
        """このアドレスの登録はありません。
{asked}
登録するときは、subscribe@{domain} に空メールを送ってください。

{signature}""",
    ),
    "renewal": (
        "【{organisation}】来年度も続けるには、このメールに返信してください",
        """今年度の登録は{ends}で終わり、その日に自動で消えます。

【次にすること】
来年度も続けるときは、このメールに、そのまま返信してください。

地区：{districts}
期間：{until}まで

返信すると、下の規約に同意して登録したことになります。
続けないときは、何もする必要はありません。

{signature}

―― 利用規約（版：{version}）――
{terms}""",
    ),
    "withdrawn": (
        "【{organisation}】お申し込みを取り消しました",
        """お申し込みを取り消しました。登録の内容は変わっていません。
ほかに何もする必要はありません。

もう一度申し込むときは、help@{domain} に空メールを送ると、使い方が届きます。

{signature}""",
    ),
    "confirm_leaving": (
        "【{organisation}】解除の確認（このメールに返信してください）",
        """登録を解除するお申し込みを受け付けました。まだ解除されていません。

【次にすること】
このメールに、そのまま返信してください。本文は何も書かなくて構いません。

解除する地区：{districts}

{hours}時間以内に返信がなければ、何も変わりません。
お心当たりがなければ、何もせずにこのメールを削除してください。

{signature}""",
    ),
    "probe": (
        "【{organisation}】お知らせが届いているかの確認",
        """このアドレスへのお知らせが、何日か続けて戻ってきました。
このメールが届いていれば、何もする必要はありません。
このメールも届かないときは、お知らせの配信を止めます。

その後も続けて受け取りたいときは、help@{domain} に空メールを送ってください。

{carrier}{signature}""",
    ),
    "canary": (
        "【{organisation}】到達確認",
        """配信にかかる時間を測るためのメールです。差出人アドレス（Return-Path）へ
このまま送り返されると、到着とみなします。

{signature}""",
    ),
    "goodbye": (
        "【{organisation}】登録を解除しました",
        """登録を解除し、メールアドレスと地区を消去しました。
行き違いで、お知らせがもう1通届くことがあります。

間違いだったときは、subscribe@{domain} に空メールを送ってください。
(You have left. If this was a mistake, send an empty mail to subscribe@{domain}.)

{signature}""",
    ),
    "narrowed": (
        "【{organisation}】登録した地区を減らしました",
        """登録した地区を減らしました。

残っている地区：{districts}

元に戻すときは、本文に「地区：＋（地区の名前）」と書いて、
change@{domain} に送ってください。

{signature}""",
    ),
    "help": (
        "【{organisation}】使い方のご案内",
        """このアドレスに届いたメールは、誰も読んでいません。
危険が迫っているときは、110番に電話してください。
お問い合わせ：{contact}

登録する　　　　　　subscribe@{domain} に空メールを送る
地区を変える　　　　change@{domain} に空メールを送る
登録内容を確かめる　status@{domain} に空メールを送る
解除する　　　　　　unsubscribe@{domain} に空メールを送る

そのあと届くメールに返信すると、手続きが終わります。

{signature}""",
    ),
}

SIGNATURE = """--
{organisation}　{contact}"""

LAST_TODAY = """※ 本日このアドレスにお送りする案内は、これが最後です。
新しいお申し込みは、明日お送りください。

"""

EVERYTHING = "すべて"

DATE = "{0.year}年{0.month}月{0.day}日"

MOMENT = "{0.year}年{0.month}月{0.day}日 {0.hour}時{0.minute:02d}分"

CHANGE_SETS = "変更後の地区：{districts}"

CHANGE_ADDS = "加える地区：{districts}"

CHANGE_REMOVES = "はずす地区：{districts}"

STATUS_PSEUDONYM = "監査記録での仮名：{pseudonym}（解除すると、だれのものか分からなくなります）"

STATUS_SUSPENDED = "配信：停止中です（お知らせが何度も届かなかったため）"

STATUS_ASKED = "返信を待っているお申し込み：{requests}（期限が来ると自動で消えます）"

REQUESTS = {
    "subscribe": "登録",
    "leave": "解除",
    "change": "変更",
    "renew": "継続",
    "form": "地区の選択",
}

BETWEEN = "、"

STATUS_YEAR = "地区：{districts}（{until}まで）"

WAYS = {"reply": "確認メールへの返信", "form": "地区を書いた返信", "proven": "お申し込みのメール"}

CARRIERS = {
    "docomo": """
―― ドコモのメールで受信できるようにするには ――
「ドコモメール設定サイト」→「受信リスト／拒否リスト設定」→「設定を利用する」を選び、
受信するドメインに {domain} を加えてください。
""",
    "au": """
―― au・UQ mobile のメールで受信できるようにするには ――
「メール設定」→「迷惑メールフィルター設定」→「受信リスト設定」で、
{domain} を「ドメイン一致」で加えてください。
""",
    "softbank": """
―― ソフトバンク・ワイモバイルのメールで受信できるようにするには ――
「My SoftBank」（または「My Y!mobile」）の「メール設定」→「迷惑メール対策」→
「許可リスト」に {domain} を加えてください。
""",
}

YES = "はい"

FIELD_NAMES = {
    "District": "地区",
    "Consent": "同意",
    "Category": "区分",
    "Victim-Consent": "被害者の同意",
    "Expires": "有効期限",
    "Update": "続報",
    "Correction": "訂正",
    "Cancellation": "取消",
    "Resolved": "解決",
    "Drill": "訓練",
}
