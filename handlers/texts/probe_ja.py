"""The report of a self-test in Japanese (protocol 5.11): the checks, and each objection in plain words."""

SUBJECT = "【{organisation}】自己診断の結果：{result}"
GOOD, BAD = "配信できます", "今のままでは配信できません"
BODY = """自己診断の結果です。お送りいただいたメールは、誰にも配信していません。
結果：{result}。

{checks}

{facts}

地区・区分の書き方：本文の最初の行から「地区：○○」のように書きます。
ヘッダーに書く方法：{headers}
{advice}"""

CHECKS = {
    "octets": "メールの形式",
    "author": "差出人（From）",
    "signature": "DKIM署名",
    "domain": "署名のドメイン",
    "coverage": "署名が守る範囲",
    "time": "日時",
    "key": "公開鍵",
    "proof": "署名の照合",
    "content": "本文の形式",
}
PASSED, FAILED, UNREACHED = "○ {check}", "× {check}：{causes}", "－ {check}（調べられませんでした）"
BETWEEN = "、"
FACTS = """署名：d={domain}　セレクタ {selector}　鍵 {key}
署名の日時（t=）{timed}、期限（x=）{expires}
署名が守るヘッダー：{covered}
守られないヘッダー：{uncovered}"""
NO_FACTS = "あなたのドメインの署名は見つかりませんでした。"
UNKNOWN, NONE, THERE, NOT_THERE = "不明", "なし", "あり", "なし"
KEY = {"rsa": "RSA {bits}ビット", "ed25519": "Ed25519"}
HEADERS_SIGNED = "{names} は署名されているので使えます。"
HEADERS_UNSIGNED = "使えません（X-District などは署名されていません）。"
HTML_ONLY = "ご注意：文字だけの本文がありません。配信するときはテキスト形式で書いてください。\n"
ADVICE = """情報担当の方へ、次の文をそのままお伝えください。
「{sentence}」"""
TO_ADMINISTRATOR = """見守りメールの管理者に、次の文をそのままお伝えください。
「{sentence}」"""
SENTENCES = {
    "pinned": "ドメイン {domain} の新しいDKIMセレクタと公開鍵を、設定の [[staff]] keys に登録してください。",
    "google": "Google 管理コンソールの「アプリ＞Google Workspace＞Gmail＞メールの認証」で、自分のドメイン {domain} の"
    "DKIM（2048ビット）を作り、DNSに公開して認証を開始してください。今の署名は *.gappssmtp.com のもので、"
    "使えません。",
    "microsoft": "Microsoft 365 の「メール認証の設定＞DKIM」で {domain} を有効にし、DNSに selector1._domainkey と"
    " selector2._domainkey の CNAME を公開してください。今の署名は *.onmicrosoft.com のもので、使えません。",
    "sign": "{domain} から送るメールに、d={domain} のDKIM署名を付けてください。rsa-sha256、鍵は2048ビット以上で、"
    "h= に"
    " From, Subject, Date, Message-ID, Content-Type を含めてください。l= は使わないでください。",
    "cover": "DKIM署名の h= に {missing} を加えてください。h= の各ヘッダーは、あるだけの数を含めてください。",
    "key": "DNSの {selector}._domainkey.{domain} にDKIMの公開鍵（RSA 2048ビット以上、t=y なし、"
    "TXTは一つ）を公開してください。",
    "altered": "署名のあとでメールを書き換える装置（注意書きの追加、ウイルス検査、転送など）を、署名の前に移すか、"
    "外してください。",
    "clock": "メールサーバーの時計を合わせ、送信後24時間以内に、日時と期限の正しい署名で届くようにしてください。",
    "form": "メールソフトを、通常のテキスト形式（UTF-8）で送る設定にしてください。",
}
CAUSES = {
    "too-large": "1 MiBを超えています",
    "bare-cr-or-lf": "行の終わりがCR LFではありません",
    "nul-in-body": "本文に使えない文字（NUL）があります",
    "header-too-large": "ヘッダーが大きすぎます",
    "line-too-long": "998文字を超える行があります",
    "no-header": "ヘッダーがありません",
    "control-character": "ヘッダーに制御文字があります",
    "eight-bit-header": "ヘッダーに符号化されていない文字があります",
    "field-grammar": "ヘッダーの書き方が正しくありません",
    "too-many-fields": "ヘッダーの数が多すぎます",
    "field-too-large": "長すぎるヘッダーがあります",
    "duplicate-field": "一つだけのはずのヘッダーが二つあります",
    "resent-field": "再送（Resent-）されたメールです。直接送ってください",
    "from-grammar": "Fromのアドレスが一つだけの普通の形ではありません",
    "unknown-author": "登録された職員のアドレスではありません",
    "no-signature": "署名がありません",
    "too-many-signatures": "署名が多すぎます",
    "signature-too-large": "署名が大きすぎます",
    "signature-grammar": "署名の書き方が正しくありません",
    "not-aligned": "Fromと同じドメイン（d=）の署名ではありません",
    "algorithm": "署名の方式がrsa-sha256でもed25519-sha256でもありません",
    "body-length-tag": "本文の一部だけの署名（l=）です",
    "identity": "署名者（i=）がドメイン（d=）の外です",
    "field-not-covered": "必要なヘッダーが、すべては守られていません",
    "other-recipient": "ほかの宛先のための署名（darn=）です",
    "field-missing": "DateかMessage-IDがありません",
    "date-grammar": "Dateが読み取れません",
    "too-old": "24時間以上前のメールです",
    "signature-expired": "署名の期限が切れています",
    "in-future": "日時が10分以上先になっています",
    "no-key": "公開鍵がDNSにありません",
    "not-pinned": "登録してある公開鍵の署名ではありません",
    "several-keys": "公開鍵のTXTが二つ以上あります",
    "key-grammar": "公開鍵の書き方が正しくありません",
    "key-revoked": "公開鍵は取り消されています",
    "key-testing": "公開鍵が試験中（t=y）です",
    "key-purpose": "公開鍵がこの用途に使えません（s= か h=）",
    "key-type": "公開鍵の種類が署名の方式と合いません",
    "key-too-short": "鍵が短すぎます（2048ビット以上が必要です）",
    "key-too-long": "鍵が長すぎます（4096ビットまでです）",
    "key-exponent": "鍵の公開指数が65537ではありません",
    "key-identity": "公開鍵（t=s）がサブドメインの署名を許していません",
    "body-altered": "本文が署名のあとで変わっています",
    "signature-wrong": "署名がヘッダーや鍵と合いません",
    "verifiers-disagree": "二つの検証器の答えが分かれました",
    "subject-unreadable": "件名が読み取れません",
    "content-type": "Content-Typeが配信できない種類です",
    "content-not-covered": "Content-Typeが署名で守られていません",
    "mime-grammar": "本文の部分の区切りが正しくありません",
    "too-deep": "本文の部分の入れ子が深すぎます",
    "too-many-parts": "本文の部分が多すぎます",
    "message-inside": "メールの中にメールがあります",
    "transfer-encoding": "本文の符号化が読み取れません",
    "charset": "本文の文字コードが使えないか、合っていません",
    "control-in-text": "本文に制御文字があります",
}
