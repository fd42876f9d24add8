"""probe@: a report to enrolled addresses, a few a day, and 250 to everybody (protocol 5.11)."""

import pytest

from handlers import probe
from handlers.coverage import CHECKS, Coverage, FoundKey, Objection
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.replies import ACCEPTED
from storage.records import AuditEvent, CoverageProfile, Quota, SaveCoverage
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, TEACHER, TOWN, mail

SECRET = "この言葉は返さない"
KEY = FoundKey(algorithm="rsa", bits=2048, fingerprint="f" * 64, pinned=False)
RIGHT = Coverage(
    author=TEACHER,
    unreached=(),
    signer="own",
    domain="school.example",
    selector="s1",
    key=KEY,
    covered=frozenset({"from", "subject", "date", "message-id", "content-type"}),
    timed=True,
    proven=True,
)
UNSIGNED = Coverage(author=TEACHER, objections=(Objection("signature", "no-signature"),), unreached=CHECKS[3:])


def probed(coverage: Coverage | None = RIGHT, facts: Facts | None = None, **written: object) -> Outcome:
    mailed = mail("probe", SECRET, subject=SECRET, **({"author": TEACHER.canonical} | written))  # type: ignore[arg-type]
    return probe.handle(mailed, Verdict(coverage=coverage), facts or Facts(), TOWN)


def test_5_11_the_report_goes_to_the_enrolled_address_and_counts() -> None:
    outcome = probed()
    (letter,) = outcome.letters
    assert letter.to == TEACHER
    assert letter.counted == (Quota("probe", TEACHER.canonical),)
    assert outcome.reply is ACCEPTED
    detail = {"causes": [], "domain": "school.example", "selector": "s1"}
    assert outcome.audit == (AuditEvent(event="probe:answered", subject="taro", detail=detail),)


def test_5_11_nothing_of_the_mail_is_repeated() -> None:
    (letter,) = probed(author=f"{SECRET} <{TEACHER.canonical}>").letters
    assert SECRET not in letter.text
    assert SECRET not in letter.subject


@pytest.mark.parametrize("coverage", [RIGHT, UNSIGNED, None])
def test_5_11_a_stranger_gets_250_and_nothing(coverage: Coverage | None) -> None:
    unknown = None if coverage is None else Coverage(objections=(Objection("author", "unknown-author"),))
    outcome = probed(unknown, author=MOTHER.canonical)
    assert outcome == Outcome(audit=(AuditEvent(event="probe:ignored", detail={"cause": "unknown-author"}),))


def test_5_11_an_enrolled_author_of_a_mail_that_no_check_can_read_is_told_so() -> None:
    (letter,) = probed(Coverage(objections=(Objection("octets", "eight-bit-header"),), unreached=CHECKS[1:])).letters
    assert letter.to == TEACHER


def test_5_11_a_robot_gets_nothing() -> None:
    outcome = probed(headers={"Auto-Submitted": "auto-replied"})
    assert outcome.letters == ()
    assert [event.event for event in outcome.audit] == ["probe:ignored"]


@pytest.mark.parametrize(("used", "letters"), [(3, 1), (4, 0), (9, 0)])
def test_5_11_an_address_gets_four_a_day_and_250_for_the_others(used: int, letters: int) -> None:
    outcome = probed(facts=Facts(used={Quota("probe", TEACHER.canonical): used}))
    assert len(outcome.letters) == letters
    assert outcome.reply is ACCEPTED


def test_5_11_a_right_signature_is_kept_as_the_domains_profile_and_no_key_becomes_known() -> None:
    profile = CoverageProfile(
        domain="school.example",
        selector="s1",
        fingerprint="f" * 64,
        algorithm="rsa",
        bits=2048,
        covered=RIGHT.covered,
        timed=True,
        expires=False,
    )
    assert probed().changes == (SaveCoverage(profile=profile),)


def test_5_11_a_wrong_signature_leaves_nothing_behind() -> None:
    assert probed(UNSIGNED).changes == ()


def test_a_mail_for_the_self_test_that_cannot_be_read_is_not_shown_by_its_repr() -> None:
    assert TEACHER.canonical not in repr(probed(UNSIGNED))
