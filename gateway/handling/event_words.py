"""What each audit event and each group of causes is called in a report. The events themselves are in protocol 8.1."""

from typing import get_args

from gateway.authentication.causes import Cause
from gateway.handling.document import Words
from handlers import posting

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
    "alert:reminded": Words("承認を催促", "a reminder of a held alert"),
    "alert:withdrawn": Words("承認前に取りやめ", "a held alert withdrawn"),
    "alert:stopping": Words("配信停止の指示", "an alert told to stop"),
    "release:refused": Words("承認の返信を受け付けず", "an answer to a preview refused"),
    "release:deferred": Words("承認の返信を延期", "an answer to a preview put off"),
    "release:unclear": Words("承認か取消か不明な返信", "an answer that says neither yes nor no"),
    "release:not-yours": Words("承認できない職員の返信", "an answer of somebody who may not release"),
    "release:late": Words("決定後の返信", "an answer after the decision"),
    "drill:sent": Words("訓練を送信", "a drill sent"),
    "probe:answered": Words("自己診断に回答", "a self-test answered"),
    "probe:ignored": Words("自己診断に回答せず", "a self-test without an answer"),
    "probe:deferred": Words("自己診断を延期", "a self-test put off"),
    "staff:added": Words("職員を登録", "a member of staff enrolled"),
    "staff:removed": Words("職員の登録を解除", "a member of staff removed"),
    "alert:repeated": Words("同じ投稿の重複", "the same posting again"),
    "alert:refused": Words("配信を受け付けず", "an alert refused"),
    "alert:deferred": Words("配信の受付を延期", "an alert put off"),
    "alert:relayed": Words("配信を完了", "an alert relayed to its end"),
    "alert:expired": Words("期限切れで終了", "an alert expired"),
    "alert:stalled": Words("配信の停滞を通知", "an alert that did not get on"),
    "alert:stopped": Words("配信を停止", "an alert stopped"),
    "key:new": Words("未知の署名鍵を検出", "a signing key not seen before"),
    "key:minted": Words("年度鍵を生成", "a year's key made"),
    "year:destroyed": Words("年度の個人情報を破棄", "a year destroyed"),
    "subscriber:forgotten": Words("管理者による消去", "erased by the administrator"),
    "district:renamed": Words("地区の符号を変更", "a district's code changed"),
    "district:merged": Words("地区を統合", "districts merged"),
    "backup:made": Words("バックアップを作成", "a backup made"),
    "backup:restored": Words("バックアップから復元", "a backup restored"),
    "bounce:probed": Words("宛先の生存確認を送信", "a letter asks whether a mailbox lives"),
    "bounce:revived": Words("配信を再開", "copies again"),
    "bounce:frozen": Words("一斉不達のため計数を停止", "an outage: nothing is counted"),
    "bounce:ignored": Words("計数しない不達など", "a bounce without effect"),
    "alert:asked": Words("一人の配信結果を照会", "what became of one copy was asked"),
    "canary:sent": Words("到達確認を送信", "letters that measure delay were sent"),
    "login:refused": Words("投稿用ログインを拒否(網・分ごと)", "logins for submission refused, by network and minute"),
    "web:refused": Words("Web接続を拒否(網・分ごと)", "web requests refused, by network and minute"),
    "key:rotated": Words("年度鍵を更新", "a year's key renewed"),
    "key:retired": Words("古い年度鍵を廃棄", "an old key of a year retired"),
    "key:put-back": Words("年度鍵を金庫から復旧", "a year's key put back"),
    "key:rewrapped": Words("鍵を新しいKEKで包み直し", "keys wrapped by a new KEK"),
    "key:escrowed": Words("鍵の写しを金庫用に作成", "a copy of a key made for the safe"),
    "key:escrow-destroyed": Words("鍵の写しの廃棄を記録", "a copy of a key told destroyed"),
    "year:doubted": Words("時計の誤りを疑い年度末を保留", "a year's end put off: the clock is in doubt"),
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
    **dict.fromkeys(("unreadable", "too-complex", "no-author", "automatic", "no-effect"), FORM),
    **dict.fromkeys(get_args(posting.Cause), FIELDS),
    **dict.fromkeys(("html-only", "no-text"), CONTENT),
    **dict.fromkeys(("district-scope", "category-scope", "first-scope", "nobody-to-second", "not-the-holder"), SCOPE),
    "no-victim-consent": CONSENT,
    "dmarc-reject": Words("差出人ドメインの方針", "the policy of the author's domain"),
    "erased": Words("解除済みの宛先", "the person has left"),
    **dict.fromkeys(("alerts-an-hour", "passed-on-a-day", "requests-open", "probes-a-day"), LIMIT),
}


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
