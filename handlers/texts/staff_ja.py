"""職員と管理者への文面。What we send to staff and to the administrator in Japanese."""

LETTERS: dict[str, tuple[str, str]] = {
    "year_destroyed": (
        "[mimamori] {year}年度の登録情報を消去しました / the data of {year} is destroyed",
        """{organisation}の{year}年度の登録情報を消去し、鍵を破棄しました。
下が証明書です。保管してください。
金庫などに鍵や鍵暗号化鍵の写しがあれば、今日のうちに破棄し、記録してください。
鍵暗号化鍵を新しくした場合は、新しいものの写しを金庫に入れてください。
トークンの中の鍵には、写しはありません。
(All that was held of {year} is destroyed. Keep the certificate below.
Destroy every copy of its key and of the old KEK today, and put it on record.
Put a copy of a new KEK into the safe; one in a token has none.)

{certificate}""",
    ),
    "passed_on": (
        "[mimamori] {command}@{domain} 宛てのメール",
        """{command}@{domain} に届いたメールを、そのまま添付します。
添付の中身は確認されていません。開くときはご注意ください。
(The mail that arrived for {command}@{domain} is attached unchanged. Open it with care.)""",
    ),
    "outage": (
        "【{organisation}】配信が大量に戻ってきています",
        """{copies}通の配信のうち、{failures}通が「届かなかった」と戻ってきました。
一度に多すぎるため、受信者が減ったのではなく、障害か拒否とみています。
いまは不達として数えていません。だれの登録も止まりません。

【次にすること】
中継サーバの記録と、次の表示を確かめてください。
　mimamori check
　mimamori subscribers bounces

{signature}""",
    ),
    "stalled": (
        "【{organisation}】至急：配信 {name} が{minutes}分間止まっています",
        """配信 {name} が、{minutes}分間まったく進んでいません。
対象{matched}のうち、{relayed}に送り終えました。{missing}にはまだ届いていません。

【次にすること】
緊急の内容であれば、電話連絡網を使ってください。
配信は {expires} まで自動で試み続けます。
管理者の方は、中継サーバと次の表示を確かめてください。
　mimamori check
　mimamori queue

このメールは、別の経路で送っています。

{signature}""",
    ),
    "checkpoint": (
        "【{organisation}】監査記録の検印 {number} / audit checkpoint {number}",
        """{organisation} 見守りメールの監査記録（{size} 件）の検印です。このメールを保管してください。
あとで記録が書き換えられても、この検印と照らし合わせると分かります。返信は要りません。
照合：mimamori audit verify --checkpoint （このメールを保存したファイル）
(This is a signed checkpoint of the audit log, {size} entries. Please keep this mail:
a log that is rewritten later does not agree with it any more. No answer is needed.)

{note}""",
    ),
    "alert_receipt": (
        "【{organisation}】{name} を配信しています",
        """お知らせ {name} を受け付け、配信しています。

区分：{category}
地区：{districts}
宛先：{count}
期限：{expires}（これを過ぎると、残りは送られません）
{remarks}
【止めるには】
このメールに「取消」とだけ書いて返信してください（署名は消してください）。
まだ送られていない分が止まります。
すべて終わったら、結果をメールでお知らせします。

{signature}""",
    ),
    "preview": (
        "{head}",
        """{opening}

【次にすること】
{step}
{until}までに返信がなければ、送られずに終わります。

{why}
区分：{category}
地区：{districts}
宛先：{count}
{remarks}
―― 届く文面 ――
件名：{title}

{text}
―― 届く文面はここまで ――

{signature}""",
    ),
    "release_unclear": (
        "【{organisation}】{name} はまだ送られていません",
        """お返事を読み取れませんでした。お知らせ {name} は、まだ誰にも送られていません。

【次にすること】
このメールに、送るなら「配信」、送らないなら「取消」とだけ書いて返信してください。
署名など、ほかの文字は消してください。

{signature}""",
    ),
    "release_second_needed": (
        "【{organisation}】{name} はほかの職員の承認を待っています",
        """お知らせ {name} は、まだ誰にも送られていません。
この配信には、作成者とは別の職員の承認が必要です。

【次にすること】
承認できる職員に確認のメールが届いています。返信するよう、電話などで頼んでください。
送らないときは、このメールに「取消」とだけ書いて返信してください。

{signature}""",
    ),
    "release_not_yours": (
        "【{organisation}】{name} を承認できませんでした",
        """お知らせ {name} は、まだ誰にも送られていません。
今の登録では、あなたはこの配信を承認できません。

【次にすること】
作成者か、管理者（{contact}）に連絡してください。

{signature}""",
    ),
    "release_too_late": (
        "【{organisation}】{name} は期限が過ぎ、送られませんでした",
        """お知らせ {name} は、期限が過ぎたため送られませんでした。

【次にすること】
今も必要なら、新しいメールで alert@{domain} に送り直してください。

{signature}""",
    ),
    "release_refused": (
        "【{organisation}】{name} を取りやめました",
        """お知らせ {name} を取りやめました。誰にも送られていません。
ほかにすることはありません。

{signature}""",
    ),
    "release_running": (
        "【{organisation}】{name} はすでに配信しています",
        """お知らせ {name} は、すでに配信を始めています。

【止めるには】
このメールに「取消」とだけ書いて返信してください（署名は消してください）。
まだ送られていない分が止まります。

{signature}""",
    ),
    "release_over": (
        "【{organisation}】{name} の配信はもう終わっています",
        """お知らせ {name} の配信は、もう終わっています。

【次にすること】
届いた内容を取り消すときは、本文の1行目に次のように書いて、
新しいメールで alert@{domain} に送ってください。

取消：{name}

{signature}""",
    ),
    "stopping": (
        "【{organisation}】{name} の配信を止めました",
        """お知らせ {name} の残りの配信を止めました。
まだ届いていない数：{unreached}（確定した数は、配信結果でお知らせします）

【次にすること】
すでに受け取った方に取り消しを伝えるときは、本文の1行目に次のように書いて、
新しいメールで alert@{domain} に送ってください。

取消：{name}

{signature}""",
    ),
    "withdrawn_alert": (
        "【{organisation}】{name} を取りやめました（誰にも送られていません）",
        """お知らせ {name} は確認待ちだったので、取りやめました。
誰にも送られていないため、訂正や取消のお知らせも送っていません。

【次にすること】
正しい内容を送るときは、新しいお知らせとして送ってください。
{draft}
{signature}""",
    ),
    "held_over": (
        "【{organisation}】{name} は送られませんでした",
        """お知らせ {name} は、期限までに「配信」の返信がなかったため、誰にも送られていません。

【次にすること】
今も必要なら、新しいメールで alert@{domain} に送り直してください。

{signature}""",
    ),
    "drill_receipt": (
        "【{organisation}】訓練を受け付けました",
        """訓練のメールを、職員と試験用の宛先（{count}件）に送ります（受付：{at}）。
届くまで数分かかることがあります。住民の方には、1通も送られません。

区分：{category}
地区：{districts}

ほかにすることはありません。

{signature}""",
    ),
    "new_key": (
        "[mimamori] 初めての署名鍵（{host}）",
        """職員 {staff} のお知らせ {name} が、初めての DKIM 鍵で署名されていました。
本人の確認の返信があるまで、配信を止めています。

ドメイン：{host}
セレクタ：{selector}
鍵（SHA-256）：{fingerprint}

【次にすること】
メールシステムの変更など、心当たりがあるか本人に電話で確かめてください。
なければ、すぐに mimamori staff remove {staff} で投稿を止めてください。""",
    ),
    "alert_refused": (
        "【{organisation}】お知らせは送られていません",
        """お知らせは、まだ誰にも送られていません。

理由：{reason}

【次にすること】
{next}
{draft}
{signature}""",
    ),
    "alert_report": (
        "【{organisation}】{name} の配信結果",
        """お知らせ {name} の配信が{ending}。

宛先：{count}
配信済み：{relayed}
届けられなかった数：{failed}
送らずに終わった数：{waiting}
{course}
{signature}""",
    ),
}

UNDER_FIVE = "5未満"

UNDER_FIVE_EACH = "（それぞれ5未満）"

READERS_OF = "{first} を受け取った方（{count}。すでに解除した方には届きません）"

COUNT = "{count}件"

ENDED = {"relayed": "終わりました", "expired": "期限で打ち切られました", "stopped": "止められました"}

ATTACHMENTS_LEFT_OUT = "※ 添付ファイルは送られていません（{count}個）。\n"

RESEMBLES = "※ 同じ本文のお知らせ {name} が、すでに配信されています。\n"

STOPPED_FIRST = "※ {name} の残りの配信を止めました（まだ届いていない数：{unreached}）。\n"

OUR_WORDS = "※ 個人が分かる内容か、初めての署名鍵のため、本文を定型文に置きかえて送りました。\n"

STOPPED_HELD = "※ 確認待ちだった {name} を取りやめました。\n"

WHY = "確認をお願いする理由：\n{list}\n"
NOTICED = "気づいた点（直すときは「取消」と返信し、直した文を新しいメールで送ってください）：\n{list}\n"

PREVIEW_HEADS = {
    "first": (
        "【{organisation}】{name} 確認待ち（まだ送られていません）",
        "お知らせ {name} は、まだ誰にも送られていません。",
    ),
    "again": (
        "【{organisation}】{name} まだ確認待ちです（送られていません）",
        "お知らせ {name} は、今も確認待ちで、誰にも送られていません。",
    ),
}
PREVIEW_STEPS = {
    "author": "このままでよければ、このメールに「配信」とだけ書いて返信してください。\n"
    "送らないときは「取消」とだけ書いて返信してください。",
    "second": "内容を確かめ、送ってよければ「配信」、送らないなら「取消」とだけ書いて、\n"
    "このメールに返信してください。作成者は、自分では承認できません。",
    "waits": "ほかの職員の承認を待っています。急ぐときは、承認できる職員に電話してください。\n"
    "送らないときは、このメールに「取消」とだけ書いて返信してください。",
}

HOLD_REASONS = {
    "category-author": "この区分は、作成者の確認のあとに配信します。",
    "category-second": "この区分は、ほかの職員の承認のあとに配信します。",
    "recipients": "宛先が{limit}件を超えています。",
    "new-key": "作成者のメールシステムが、これまでにない鍵で署名しています。",
    "restored": "バックアップからの復元より前に書かれています。すでに配信されたかもしれません。",
    "role": "この作成者のお知らせは、ほかの職員の承認のあとに配信します。",
}

TOOK = "かかった時間：半数まで {to_50}、95%まで {to_95}、最後まで {to_100}\n"

SLOW = "届くのに時間がかかっている所：{list}\n"

CARRIER = "{carrier}（ふだん{time}）"

MINUTES = "{minutes}分{seconds}秒"

SECONDS = "{seconds}秒"

PER_DISTRICT = "内訳（5件単位で切り捨て）：{list}\n"

DRAFT = "\n―― 下書き（ここから下を本文にして alert@{domain} へ）――\n{fields}\n\n{text}\n―― 下書きはここまで ――\n"

CHOOSE = "（ここに書いてください）"

SEND_DRAFT = "下の下書きを直し、新しいメールで alert@{domain} に送ってください。"

REASONS: dict[str, tuple[str, str]] = {
    "html-only": (
        "メールがHTML形式だけで書かれていました。",
        "メールソフトで「テキスト形式」を選び、alert@{domain} にもう一度送ってください。",
    ),
    "text-too-long": (
        "本文が長すぎます。",
        "2万字以内に縮め、alert@{domain} にもう一度送ってください。",
    ),
    "no-text": ("本文がありませんでした。", SEND_DRAFT),
    "field-not-signed": (
        "お使いのメールシステムは、ヘッダー「{word}」に署名しません。",
        "その項目を本文の1行目に書いてください。\n" + SEND_DRAFT,
    ),
    "unknown-field": ("「{word}」という項目はありません。", SEND_DRAFT),
    "field-repeated": ("「{word}」が2回書かれていました。", SEND_DRAFT),
    "fields-differ": ("ヘッダー「{word}」と本文の内容が違っています。", SEND_DRAFT),
    "field-below": ("項目「{word}」が本文の途中に書かれていました。項目は先頭にまとめてください。", SEND_DRAFT),
    "drill-word": (
        "件名に「訓練」とありますが、本文に「訓練：はい」の行がありませんでした。",
        "訓練なら、下書きの先頭に「訓練：はい」の行を加えてください。\n職員と試験用の宛先だけに届きます。\n"
        "訓練でなければ、件名を書きかえてください。\n" + SEND_DRAFT,
    ),
    "drill-follow-up": (
        "訓練に、続報・訂正・取消・解決は使えません。",
        "訓練として送るなら、番号の行を消し、地区と区分を書いて送ってください。",
    ),
    "several-follow-ups": (
        "続報・訂正・取消・解決のうち、二つ以上が書かれていました。",
        "一つだけ残して、" + SEND_DRAFT,
    ),
    "follow-up-addressing": (
        "続報・訂正・取消・解決は、前のお知らせと同じ地区・区分で送られます。",
        "「地区」と「区分」の行を消してください。\n" + SEND_DRAFT,
    ),
    "unknown-alert": (
        "「{word}」という番号のお知らせはありません。",
        "番号は、受付のメールの件名にあります（例：2026-0042）。番号を直してください。\n" + SEND_DRAFT,
    ),
    "year-over": (
        "{word} は前の年度のお知らせです。受け取った方の登録は、もう消去されています。",
        "新しいお知らせとして、地区と区分を書いて送ってください。",
    ),
    "first-scope": ("{word} は、担当でない地区か区分のお知らせです。", "{contact} に連絡してください。"),
    "not-sent": (
        "{word} は、誰にも送られていません。",
        "続報・訂正・取消・解決は、送られたお知らせにだけ使えます。\n必要なら、新しいお知らせとして送ってください。",
    ),
    "no-district": ("「地区」が書かれていませんでした。", SEND_DRAFT),
    "unknown-district": ("「{word}」という地区はありません。近い名前：{nearest}", SEND_DRAFT),
    "district-scope": (
        "担当でない地区が含まれています：{word}",
        "担当の地区だけなら、下書きを alert@{domain} へ。\nほかの地区にも必要なら、{contact} に連絡してください。",
    ),
    "no-category": ("「区分」が書かれていませんでした。使える区分：{categories}", SEND_DRAFT),
    "unknown-category": ("「{word}」という区分はありません。使える区分：{categories}", SEND_DRAFT),
    "category-scope": ("担当でない区分です。", "区分を選び直せないときは、{contact} に連絡してください。"),
    "no-victim-consent": (
        "この区分では、被害者ご本人と保護者の両方の同意が必要です。",
        "両方の同意を得てから、「被害者の同意」の行に「取得済」と書いてください。\n" + SEND_DRAFT,
    ),
    "bad-value": (
        "「{word}」の行を読み取れませんでした。",
        "有効期限は「120」（分）か「18:00」、被害者の同意は「取得済」、訓練は「はい」と書きます。\n" + SEND_DRAFT,
    ),
    "nobody-to-second": (
        "この配信にはほかの職員の承認が必要ですが、承認できる職員がいません。",
        "急ぐときは {contact} に連絡してください。",
    ),
}

# 5.10  What the checks for haste noticed: a sentence each, for the author alone.
HASTE: dict[str, str] = {
    "time": "いつのことか、書かれていません。",
    "place": "どこで起きたことか、書かれていません。",
    "action": "保護者にお願いしたいことが、書かれていません。",
    "telephone": "電話番号が書かれています：{word}",
    "address": "メールアドレスが書かれています：{word}",
    "name": "氏名のように見えます：{word}",
    "house-number": "番地まで書かれています：{word}",
    "age": "6時間以上前のことのようです：{word}",
}
