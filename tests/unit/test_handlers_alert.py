"""alert@ (protocol 5.1–5.9): what is relayed, what is not, and what its author is told."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from handlers.alert import handle
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.replies import ACCEPTED, NOT_ACCEPTED, TOO_MANY_ALERTS
from storage.records import Address, AuditEvent, NewAlert, NewRequest, RequestKind, SaveAlert
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, NOW, TEACHER, TOWN, mail, posted

TEXT = "地区：富雄\n区分：不審者情報\n\n午後3時ごろ、富雄駅前。"
REGISTER = Facts(total=120, by_district={"tomio": 120})


def keyed(purpose: str, data: bytes) -> bytes:
    return hashlib.sha256(purpose.encode() + b"|" + data).digest()


REPLAY = keyed(
    "replay",
    b"school.example\0taro@school.example\0<1@school.example>\0Mon, 03 Aug 2026 15:00:00 +0900\0"
    + b"hash".hex().encode(),
)
SAME_TEXT = keyed("text", "午後3時ごろ、富雄駅前。".encode())
ALERT = NewAlert(
    year=2026,
    number=42,
    author="taro",
    organisation="富雄小学校",
    category="suspicious",
    districts=("tomio",),
    subject="[不審者情報][富雄] 不審者について",
    text=(
        "午後3時ごろ、富雄駅前。\n\n-- \n富雄小学校からのお知らせです（2026-0042）。\n"
        "富雄の登録をされている方にお送りしています。\n"
        "解除は unsubscribe@example.jp に空メールを送ってください。\n"
        "緊急のときは110番へ。お問い合わせ：0742-00-0000\n"
        "(To leave, mail unsubscribe@example.jp. In danger, call 110.)\n"
    ),
    accepted_at=NOW,
    expires_at=NOW + timedelta(minutes=240),
    replay_key=REPLAY,
    text_key=SAME_TEXT,
    minutes=240,
)
ACCEPTED_DETAIL = {
    "author": "taro",
    "category": "suspicious",
    "districts": ["tomio"],
    "matched": 120,
    "victim_consent": False,
    "domain": "school.example",
    "selector": "s1",
}


def post(verdict: Verdict, facts: Facts = REGISTER, **other: Any) -> Outcome:
    letter = {"author": TEACHER.canonical, "sender": TEACHER.canonical, "subject": "不審者について"} | other
    return handle(mail("alert", TEXT, **letter), verdict, facts, TOWN)


def test_5_5_a_good_posting_is_relayed_at_once() -> None:
    outcome = post(posted(TEXT))
    assert outcome.reply == ACCEPTED
    assert outcome.changes == (SaveAlert(alert=ALERT),)
    assert outcome.audit == (AuditEvent(event="alert:accepted", subject="2026-0042", detail=ACCEPTED_DETAIL),)


def test_5_6_the_author_gets_a_receipt_with_number_districts_count_and_how_to_stop_it() -> None:
    (letter,) = post(posted(TEXT)).letters
    assert (letter.to, letter.urgent, letter.counted) == (TEACHER, True, ())
    assert letter.request == NewRequest(
        kind=RequestKind.RELEASE, address=TEACHER, years=(2026,), alert="2026-0042", expires_at=ALERT.expires_at
    )
    assert letter.in_reply_to == "<1@mail.example>"
    assert letter.subject == "【見守りメール】2026-0042 を配信しています"
    for words in (
        "区分：不審者情報",
        "地区：富雄",
        "宛先：120件",
        "期限：2026年8月3日 19時00分",
        "「取消」とだけ書いて返信",
    ):
        assert words in letter.text


def test_5_6_small_counts_are_not_told_and_districts_are_rounded_down_to_fives() -> None:
    text = "地区：富雄、帯解\n区分：不審者情報\n\n本文"
    facts = Facts(total=3, by_district={"tomio": 2, "obitoke": 1})
    (letter,) = post(posted(text), facts).letters
    assert "宛先：5未満" in letter.text
    assert "内訳（5件単位で切り捨て）：富雄・帯解 （それぞれ5未満）" in letter.text
    facts = Facts(total=22, by_district={"tomio": 14, "obitoke": 9})
    (letter,) = post(posted(text), facts).letters
    assert "宛先：22件" in letter.text
    assert "富雄 10件、帯解 5件" in letter.text


def test_5_9_the_receipt_says_first_that_attachments_were_left_out() -> None:
    (letter,) = post(posted(TEXT, attachments=2), replace(REGISTER, texts={SAME_TEXT: "2026-0041"})).letters
    first = letter.text.index("添付ファイルは送られていません（2個）")
    assert first < letter.text.index("2026-0041 が、すでに配信されています")


def test_5_4_the_declaration_of_consent_is_audited_with_its_author() -> None:
    text = "地区：富雄\n区分：被害情報\n被害者の同意：取得済\n\n本文"
    outcome = post(posted(text))
    (event,) = outcome.audit
    assert event.detail["victim_consent"] is True
    assert event.detail["author"] == "taro"
    (change,) = outcome.changes
    assert isinstance(change, SaveAlert)
    assert "同意" not in change.alert.text


@pytest.mark.parametrize(
    ("verdict", "cause"),
    [
        (Verdict(), "unknown-author"),
        (Verdict(cause="no-signature"), "no-signature"),
        (Verdict(author=TEACHER), "unknown-author"),
        (replace(posted(TEXT), author=MOTHER), "unknown-author"),
    ],
)
def test_5_1_every_verdict_on_the_author_is_the_same_refusal(verdict: Verdict, cause: str) -> None:
    event = AuditEvent(event="alert:refused", detail={"cause": cause})
    assert post(verdict) == Outcome(reply=NOT_ACCEPTED, audit=(event,))


def test_5_1b_a_key_never_seen_holds_the_alert_and_the_administrator_is_told() -> None:
    outcome = post(posted(TEXT, pinned=False))
    seen = {"domain": "school.example", "selector": "s1", "fingerprint": "f" * 64, "alert": "2026-0042"}
    assert outcome.audit[1:] == (AuditEvent(event="key:new", subject="taro", detail=seen),)
    (change,) = outcome.changes
    assert isinstance(change, SaveAlert)
    assert (change.alert.release, change.alert.new_key) == ("author", ("school.example", "f" * 64))
    assert [letter.to for letter in outcome.letters] == [TEACHER, TOWN.admin]


def test_5_1b_a_key_that_is_known_or_pinned_holds_nothing() -> None:
    known = replace(REGISTER, keys=frozenset({("school.example", "f" * 64)}))
    assert post(posted(TEXT, pinned=False), known).audit[0].event == "alert:accepted"
    assert post(posted(TEXT, pinned=True)).audit[0].event == "alert:accepted"


def test_5_8_the_same_mail_again_relays_nothing() -> None:
    outcome = post(posted(TEXT), replace(REGISTER, replays={REPLAY: "2026-0042"}))
    detail = {"author": "taro", "alert": "2026-0042"}
    event = AuditEvent(event="alert:repeated", subject="2026-0042", detail=detail)
    assert outcome == Outcome(reply=ACCEPTED, audit=(event,))


@pytest.mark.parametrize(
    "other", [{"domain": "x.example"}, {"message_id": "<2@school.example>"}, {"date": "x"}, {"body_hash": b"other"}]
)
def test_5_8_each_part_of_the_replay_key_counts(other: dict[str, Any]) -> None:
    assert post(posted(TEXT, **other), replace(REGISTER, replays={REPLAY: "2026-0042"})).changes


def test_5_8_thirty_alerts_an_hour_are_enough() -> None:
    assert post(posted(TEXT), replace(REGISTER, alerts=29)).changes
    event = AuditEvent(event="alert:refused", subject="taro", detail={"cause": "alerts-an-hour"})
    assert post(posted(TEXT), replace(REGISTER, alerts=30)) == Outcome(reply=TOO_MANY_ALERTS, audit=(event,))


def test_5_3_a_wrong_field_relays_nothing_and_the_author_gets_a_draft() -> None:
    outcome = post(posted("地区：富尾\n区分：不審者情報\n\n午後3時ごろ"))
    assert (outcome.reply, outcome.changes) == (ACCEPTED, ())
    assert outcome.audit == (AuditEvent(event="alert:refused", subject="taro", detail={"cause": "unknown-district"}),)
    (letter,) = outcome.letters
    assert (letter.to, letter.local_part, letter.urgent) == (TEACHER, "alert", True)
    assert letter.subject == "【見守りメール】お知らせは送られていません"
    assert "「富尾」という地区はありません。近い名前：富雄" in letter.text
    assert "地区：（ここに書いてください）\n区分：不審者情報\n\n午後3時ごろ\n" in letter.text


def test_2_3_no_draft_ever_fills_in_the_victims_consent() -> None:
    (letter,) = post(posted("地区：富雄\n区分：被害情報\n\n本文")).letters
    assert "被害者の同意：（ここに書いてください）" in letter.text
    (letter,) = post(posted("地区：富雄\n区分：被害情報\n被害者の同意：取得済\n有効期限：いつか\n\n本文")).letters
    assert "被害者の同意：（ここに書いてください）" in letter.text


def test_a_draft_that_is_sent_as_it_stands_is_refused_again() -> None:
    for text in (
        "本文",
        "地区：富雄\n区分：被害情報\n\n本文",
        "地区：富雄、富尾\n区分：不審者\n\n本文",
        "地区：富雄\n区分：不審者",
    ):
        (letter,) = post(posted(text)).letters
        draft = letter.text.partition("へ）――\n")[2].partition("―― 下書き")[0]
        assert draft
        assert post(posted(draft)).changes == ()


def test_5_5_more_recipients_than_allowed_wait_for_the_authors_word() -> None:
    outcome = post(posted(TEXT), Facts(total=1001))
    (change,) = outcome.changes
    assert isinstance(change, SaveAlert)
    assert (change.alert.release, change.alert.reasons) == ("author", ("recipients",))
    assert post(posted(TEXT), Facts(total=1000)).audit[0].event == "alert:accepted"


def test_6_an_english_posting_gets_an_english_receipt() -> None:
    text = "District: tomio\nCategory: suspicious\n\nAt the station."
    outcome = handle(
        mail("alert", text, author=TEACHER.canonical, sender=TEACHER.canonical),
        posted(text, "Stranger"),
        REGISTER,
        TOWN,
    )
    assert outcome.letters[0].subject == "[見守りメール] 2026-0042 is being sent"


@pytest.mark.parametrize("text", [TEXT, "本文だけ"])
@pytest.mark.parametrize("automatic", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}])
def test_6_a_program_that_posts_for_staff_is_never_written_to(text: str, automatic: dict[str, Any]) -> None:
    outcome = post(posted(text), **automatic)
    assert outcome.letters == ()
    assert outcome.audit


def test_5_3_staff_may_post_only_within_their_scope() -> None:
    outcome = post(replace(posted(TEXT), author=Address("jiro@school.example")))
    assert outcome.audit == (AuditEvent(event="alert:refused", subject="jiro", detail={"cause": "district-scope"}),)
    assert outcome.letters[0].to == Address("jiro@school.example")


def test_8_6_what_was_written_before_a_restore_may_have_gone_out_and_waits() -> None:
    written = parsedate_to_datetime(posted(TEXT).proof.date)  # type: ignore[union-attr]
    for restored, reasons in ((written, ()), (written + timedelta(seconds=1), ("restored",))):
        (change,) = [
            each
            for each in post(posted(TEXT), replace(REGISTER, restored=restored)).changes
            if isinstance(each, SaveAlert)
        ]
        assert change.alert.reasons == reasons
