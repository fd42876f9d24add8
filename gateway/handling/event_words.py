"""What each audit event and each group of causes is called in a report. The events themselves are in protocol 8.1."""

from gateway.authentication.causes import Cause
from gateway.handling.document import Words

EVENTS: dict[str, Words] = {
    "subscribe:pending": Words("登録の確認メールを送信", "a confirm letter for a registration"),
    "subscribe:confirmed": Words("登録を確定", "registered"),
    "subscribe:repeated": Words("登録済みと回答", "was registered already"),
    "subscribe:seeded": Words("試験用の架空登録", "made-up subscribers of a trial"),
    "subscribe:mistaken": Words("登録の書き誤りに回答", "a mistake in a registration answered"),
    "form:sent": Words("登録用紙を送信", "a form letter"),
    "unsubscribe:pending": Words("解除の確認メールを送信", "a confirm letter for leaving"),
    "unsubscribe:mistaken": Words("解除の書き誤りに回答", "a mistake in leaving answered"),
    "unsubscribe:done": Words("解除(登録がなかった申し出を含む)", "left, or had nothing to leave"),
    "change:pending": Words("変更の確認メールを送信", "a confirm letter for a change"),
    "change:mistaken": Words("変更の書き誤りに回答", "a mistake in a change answered"),
    "change:done": Words("地区を変更", "districts changed"),
    "status:pending": Words("開示の確認メールを送信", "a confirm letter for disclosure"),
    "status:told": Words("本人に開示", "told to the person what is held"),
    "request:withdrawn": Words("申し出の取消", "a request withdrawn"),
    "token:over": Words("期限切れの返信に回答", "an answer that came too late"),
    "renewal:sent": Words("継続の案内を送信", "letters of renewal"),
    "help:sent": Words("使い方を送信", "a help letter"),
    "letter:withheld": Words("上限により返信せず", "no letter, by a limit"),
    "letter:undelivered": Words("返信が届かず", "a letter that was refused for good"),
    "bounce:received": Words("不達の通知を受信", "a bounce came in"),
    "bounce:counted": Words("不達を計数", "a bounce counted"),
    "bounce:suspended": Words("不達が続き配信を停止", "suspended after bounces"),
    "mail:ignored": Words("自動応答などを受け流し", "automatic mail, no effect"),
    "mail:refused": Words("一般のメールを受け付けず", "a mail that is not for staff refused"),
    "mail:passed-on": Words("管理者に転送", "passed on to the administrator"),
    "alert:accepted": Words("配信を受け付け", "an alert accepted"),
    "alert:held": Words("承認待ちにした", "an alert held for release"),
    "alert:released": Words("承認して配信", "an alert released"),
    "alert:repeated": Words("同じ投稿の重複", "the same posting again"),
    "alert:refused": Words("配信を受け付けず", "an alert refused"),
    "alert:deferred": Words("配信の受付を延期", "an alert put off"),
    "alert:relayed": Words("配信を完了", "an alert relayed to its end"),
    "alert:expired": Words("期限切れで終了", "an alert expired"),
    "alert:stopped": Words("配信を停止", "an alert stopped"),
    "key:new": Words("未知の署名鍵を検出", "a signing key not seen before"),
    "key:minted": Words("年度鍵を生成", "a year's key made"),
    "year:destroyed": Words("年度の個人情報を破棄", "a year destroyed"),
    "subscriber:forgotten": Words("管理者による消去", "erased by the administrator"),
    "district:renamed": Words("地区の符号を変更", "a district's code changed"),
    "district:merged": Words("地区を統合", "districts merged"),
    "backup:made": Words("バックアップを作成", "a backup made"),
    "backup:restored": Words("バックアップから復元", "a backup restored"),
    "connection:refused": Words("接続を拒否(網・分ごと)", "connections refused, by network and minute"),
}

FORM = Words("メールの形式", "the form of the mail")
AUTHOR = Words("差出人が未登録・不明", "the author is not enrolled")
SIGNATURE = Words("電子署名(DKIM)が不正", "the DKIM signature does not prove it")
KEY = Words("署名鍵が不正", "the signing key will not do")
MOMENT = Words("日時が古い・不正", "its date is too old or wrong")
CONTENT = Words("本文の形式", "the form of the text")
FIELDS = Words("項目の不足・誤り", "a field is missing or wrong")
SCOPE = Words("職員の権限外", "outside the author's scope")
CONSENT = Words("被害者側の同意なし", "no consent of the child and guardian")
LIMIT = Words("件数の上限", "a limit was reached")
OTHER = Words("その他", "other")

_STEPS = (
    (Cause.TOO_LARGE, FORM),
    (Cause.FROM_GRAMMAR, AUTHOR),
    (Cause.NO_SIGNATURE, SIGNATURE),
    (Cause.FIELD_MISSING, MOMENT),
    (Cause.NO_KEY, KEY),
    (Cause.BODY_ALTERED, SIGNATURE),
    (Cause.SUBJECT_UNREADABLE, CONTENT),
)
_OTHERS: dict[str, Words] = {
    **dict.fromkeys(("unreadable", "too-complex", "no-author", "automatic"), FORM),
    **dict.fromkeys(("html-only", "no-text"), CONTENT),
    **dict.fromkeys(("district-scope", "category-scope"), SCOPE),
    "no-victim-consent": CONSENT,
    "dmarc-reject": Words("差出人ドメインの方針", "the policy of the author's domain"),
    "erased": Words("解除済みの宛先", "the person has left"),
    **dict.fromkeys(("alerts-an-hour", "passed-on-a-day", "requests-open", "too-many-recipients"), LIMIT),
    **dict.fromkeys(
        (
            "field-not-signed", "unknown-field", "field-repeated", "fields-differ", "field-below", "drill-word",
            "no-district", "unknown-district", "no-category", "unknown-category", "bad-value",
        ),
        FIELDS,
    ),
}  # fmt: skip


def event(name: str) -> Words:
    """What the event is called; its own name where a report has no words for it."""
    return EVENTS.get(name, Words(name, ""))


def cause(name: str) -> Words:
    """The group of causes that this one is of."""
    if name in _OTHERS or name.startswith("letters-per-"):
        return _OTHERS.get(name, LIMIT)
    order = [str(each) for each in Cause]
    if name not in order:
        return OTHER
    return next(words for first, words in reversed(_STEPS) if order.index(first) <= order.index(name))
