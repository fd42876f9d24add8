"""Follow-ups and drills (protocol 5.5b, 5.7): whom they reach, what they stop, and what their author is told."""

from dataclasses import replace
from typing import Any

import pytest

from handlers.alert import handle
from handlers.outcome import Outcome
from handlers.replies import TOO_MANY_ALERTS
from handlers.texts import copies
from handlers.town import Town
from storage.records import (
    Address,
    Alert,
    AlertState,
    NewAlert,
    Quota,
    Relation,
    RememberReplay,
    SaveAlert,
    StopAlert,
)
from tests.fakes.reader import Facts
from tests.fakes.village import NOW, TEACHER, TOWN, alert, mail, posted

FIRST = alert(42, AlertState.RELAYED, relayed=120)
RUNNING = alert(42)
HARM = alert(42, AlertState.RELAYED, category="harm")


def post(text: str, *known: Alert, author: Address = TEACHER, town: Town = TOWN, **facts: Any) -> Outcome:
    register = Facts(posted=known, last_number=42, total=120, by_district={"tomio": 120}, **facts)
    letter = {"author": author.canonical, "sender": author.canonical, "subject": "Re: 不審者について"}
    return handle(mail("alert", text, **letter), posted(text, "Re: 不審者について", author=author), register, town)


def saved(outcome: Outcome) -> NewAlert:
    (change,) = [each for each in outcome.changes if isinstance(each, SaveAlert)]
    return change.alert


def cause(outcome: Outcome) -> object:
    assert not any(isinstance(each, SaveAlert) for each in outcome.changes)
    return outcome.audit[0].detail["cause"]


@pytest.mark.parametrize(
    ("line", "relation", "tag"),
    [
        ("続報：2026-0042", Relation.UPDATE, "[続報]"),
        ("訂正：２０２６－００４２", Relation.CORRECTION, "[訂正]"),
        ("取消: 第2026-0042号", Relation.CANCELLATION, "[取消]"),
        ("Resolved: 2026-42", Relation.RESOLVED, "[解決]"),
    ],
)
def test_5_7_a_follow_up_inherits_district_and_category(line: str, relation: Relation, tag: str) -> None:
    new = saved(post(f"{line}\n\n男が確保されました。", FIRST))
    assert (new.relation, new.follows, new.districts, new.category) == (relation, "2026-0042", ("tomio",), "suspicious")
    assert new.subject == f"{tag}[不審者情報][富雄] 不審者について"
    assert "2026-0042 を受け取った方にお送りしています" in new.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("続報：2026-0042\n地区：富雄\n\n本文", "follow-up-addressing"),
        ("続報：2026-0042\n区分：不審者\n\n本文", "follow-up-addressing"),
        ("続報：2026-0042\n訂正：2026-0042\n\n本文", "several-follow-ups"),
        ("続報：2026-0099\n\n本文", "unknown-alert"),
        ("続報：きのうの件\n\n本文", "unknown-alert"),
        ("続報：2025-0042\n\n本文", "year-over"),
        ("続報：2026-0042\n訓練：はい\n\n本文", "drill-follow-up"),
        ("続報：2026-0042", "no-text"),
        ("訂正：2026-0042", "no-text"),
    ],
)
def test_5_7_what_does_not_fit_is_refused_with_its_cause(text: str, expected: str) -> None:
    assert cause(post(text, FIRST)) == expected


def test_5_7_only_staff_whose_scope_covers_the_first_may_follow_it_up() -> None:
    assert cause(post("続報：2026-0042\n\n本文", FIRST, author=Address("jiro@school.example"))) == "first-scope"


@pytest.mark.parametrize("line", ["続報", "訂正"])
def test_5_7_update_and_correction_need_the_victims_consent_anew(line: str) -> None:
    assert cause(post(f"{line}：2026-0042\n\n本文", HARM)) == "no-victim-consent"
    assert saved(post(f"{line}：2026-0042\n被害者の同意：取得済\n\n本文", HARM)).category == "harm"


@pytest.mark.parametrize("line", ["取消", "解決"])
def test_5_7_cancellation_and_resolved_need_neither_consent_nor_release_nor_words(line: str) -> None:
    strict = replace(
        TOWN, categories=tuple(replace(each, release="second") for each in TOWN.categories), release_above=0
    )
    new = saved(post(f"{line}：2026-0042", HARM, town=strict))
    assert new.release == "direct"
    assert "2026-0042" in new.text.partition("--")[0]


@pytest.mark.parametrize("line", ["訂正", "取消"])
def test_5_7_correction_and_cancellation_stop_the_rest_and_say_how_many_were_not_reached(line: str) -> None:
    outcome = post(f"{line}：2026-0042\n\n本文", RUNNING)
    assert outcome.changes[0] == StopAlert(name="2026-0042")
    assert "2026-0042 の残りの配信を止めました（まだ届いていない数：40件）" in outcome.letters[0].text


@pytest.mark.parametrize("line", ["続報", "解決"])
def test_5_7_update_and_resolved_let_the_first_finish(line: str) -> None:
    assert len(post(f"{line}：2026-0042\n\n本文", RUNNING).changes) == 1


def test_5_7_a_follow_up_of_a_follow_up_goes_to_the_readers_of_the_first() -> None:
    update = alert(43, relation=Relation.UPDATE, follows_id=42, follows="2026-0042")
    outcome = post("訂正：2026-0043\n\n本文", FIRST, update)
    assert saved(outcome).follows == "2026-0042"
    assert outcome.changes[0] == StopAlert(name="2026-0043")


@pytest.mark.parametrize("line", ["訂正", "取消"])
def test_5_7_a_held_alert_is_taken_back_and_nothing_is_sent(line: str) -> None:
    outcome = post(f"{line}：2026-0042\n\n正しい本文", alert(state=AlertState.HELD))
    assert outcome.changes == (StopAlert(name="2026-0042"),)
    assert "誰にも送られていない" in outcome.letters[0].text


@pytest.mark.parametrize(("line", "state"), [("続報", AlertState.HELD), ("解決", AlertState.REFUSED)])
def test_5_7_nothing_follows_what_nobody_has(line: str, state: AlertState) -> None:
    assert cause(post(f"{line}：2026-0042\n\n本文", alert(state=state))) == "not-sent"


def test_5_7_nothing_follows_what_nobody_has_released_in_time() -> None:
    given_up = alert(42, AlertState.EXPIRED, release="author", relayed=0, finished_at=NOW)
    for line in ("続報", "訂正", "取消", "解決"):
        assert cause(post(f"{line}：2026-0042\n\n本文", given_up)) == "not-sent"


def test_5_5_an_update_counts_those_who_get_the_first_still() -> None:
    running = alert(42, matched=1001, relayed=0)
    assert saved(post("続報：2026-0042\n\n本文", running)).release == "author"
    assert saved(post("訂正：2026-0042\n\n本文", running)).release == "direct"  # it stops the rest


def test_5_3_a_refused_mail_that_comes_again_and_again_gets_no_letter_without_end() -> None:
    outcome = post("地区：富雄\n\n本文")
    assert outcome.letters[0].counted == (Quota("staff", "taro"),)
    often = post("地区：富雄\n\n本文", used={Quota("staff", "taro"): TOWN.alerts_per_hour})
    assert (often.reply, often.letters) == (TOO_MANY_ALERTS, ())
    assert saved(post("取消：2026-0042", FIRST, used={Quota("staff", "taro"): 999})).follows == "2026-0042"


@pytest.mark.parametrize(
    ("text", "other"), [("男児は090-1234-5678の山田太郎さんの子です。", {}), ("解決しました。", {"pinned": False})]
)
def test_5_7_what_nobody_releases_goes_out_in_our_words_where_its_own_could_do_harm(text: str, other: Any) -> None:
    town = replace(TOWN, haste_checks=frozenset({"telephone", "name"}))
    register = Facts(posted=[HARM], last_number=42)
    verdict = posted(f"解決：2026-0042\n\n{text}", "解決", author=TEACHER, **other)
    letter = {"author": TEACHER.canonical, "sender": TEACHER.canonical}
    outcome = handle(mail("alert", "", **letter), verdict, register, town)
    assert saved(outcome).text.startswith(copies.STANDARD["resolved"].format(first="2026-0042"))
    assert "定型文" in outcome.letters[0].text or "standard words" in outcome.letters[0].text


def test_5_7_who_was_asked_about_a_held_alert_hears_that_it_is_withdrawn() -> None:
    head = replace(TOWN.staff[0], id="head", address=Address("head@school.example"))
    outcome = post(
        "取消：2026-0042",
        alert(state=AlertState.HELD),
        author=head.address,
        town=replace(TOWN, staff=(*TOWN.staff, head)),
    )
    assert [letter.to for letter in outcome.letters] == [head.address, TEACHER]


# --- drills -------------------------------------------------------------------------------------

DRILL = "地区：富雄\n区分：不審者情報\n訓練：はい\n\n午後3時ごろ、富雄駅前。"


def test_5_5b_a_drill_goes_to_staff_and_testers_and_makes_no_alert() -> None:
    town = replace(TOWN, drill_addresses=(Address("tester@city.example"), TEACHER))
    outcome = post(DRILL, town=town)
    assert [type(change) for change in outcome.changes] == [RememberReplay]
    *copies, receipt = outcome.letters
    assert [letter.to.canonical for letter in copies] == [
        "taro@school.example",
        "jiro@school.example",
        "tester@city.example",
    ]
    assert all(letter.subject.startswith("【訓練】") for letter in copies)
    assert all(letter.text.count("これは訓練です") == 2 and letter.unhurried for letter in copies)
    assert (receipt.to, "3件" in receipt.text) == (TEACHER, True)


def test_5_5b_a_draft_of_a_refused_drill_stays_a_drill() -> None:
    outcome = post("地区：富雄\n訓練：はい\n\n本文")
    assert cause(outcome) == "no-category"
    assert "訓練：はい" in outcome.letters[0].text


def test_5_5_a_category_may_want_a_second_person() -> None:
    categories = tuple(replace(each, release="second") for each in TOWN.categories)
    text = "地区：富雄\n区分：不審者情報\n\n午後3時ごろ、富雄駅前。"
    assert cause(post(text, town=replace(TOWN, categories=categories))) == "nobody-to-second"
    head = replace(TOWN.staff[0], id="head", address=Address("head@school.example"), may_second=True)
    outcome = post(text, town=replace(TOWN, categories=categories, staff=(*TOWN.staff, head)))
    assert (saved(outcome).release, saved(outcome).reasons) == ("second", ("category-second",))
    assert [letter.to.canonical for letter in outcome.letters] == ["taro@school.example", "head@school.example"]
    assert len({letter.request for letter in outcome.letters}) == 2


def test_5_5_who_may_not_release_needs_a_second_person() -> None:
    staff = tuple(replace(each, may_release=False) for each in TOWN.staff)
    head = replace(TOWN.staff[0], id="head", address=Address("head@school.example"), may_second=True)
    town = replace(TOWN, staff=(*staff, head), release_above=0)
    assert saved(post("地区：富雄\n区分：不審者情報\n\n本文", town=town)).release == "second"
    assert saved(post("地区：富雄\n区分：不審者情報\n\n本文", town=town)).expires_at > NOW
