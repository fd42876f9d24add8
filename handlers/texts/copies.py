"""読者に届く文面。What readers of an alert see besides its author's words: Japanese first, English beside it."""

FOOTER = """{organisation}からのお知らせです（{name}）。
{districts}の登録をされている方にお送りしています。
解除は unsubscribe@{domain} に空メールを送ってください。
緊急のときは110番へ。お問い合わせ：{contact}
(To leave, mail unsubscribe@{domain}. In danger, call 110.)"""

FOOTER_FOLLOWING = """{organisation}からのお知らせです（{name}：{first} の{relation}）。
{first} を受け取った方にお送りしています。
解除は unsubscribe@{domain} に空メールを送ってください。
緊急のときは110番へ。お問い合わせ：{contact}
(To leave, mail unsubscribe@{domain}. In danger, call 110.)"""

RELATIONS = {"update": "続報", "correction": "訂正", "cancellation": "取消", "resolved": "解決"}

STANDARD = {
    "cancellation": "先にお送りしたお知らせ（{first}）を取り消します。",
    "resolved": "先にお送りしたお知らせ（{first}）の件は、解決しました。",
}

DRILL_TAG = "【訓練】"

DRILL_MARK = "※※※ これは訓練です。実際の出来事ではありません。(THIS IS A DRILL.) ※※※"

DRILL_FOOTER = """{organisation}の訓練メールです。職員と試験用の宛先だけに送られています。
お問い合わせ：{contact}"""
