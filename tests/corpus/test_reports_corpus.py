"""Real bounces that others collected, with what Sisimai 5 says of each; and the complaints of Stalwart's set (6.6)."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers import bounce, reports
from handlers.mail import Verdict
from handlers.reports import AutoReply, Complaint, Failure
from storage.records import LeaveClaim
from tests.fakes.reader import Facts
from tests.fakes.village import TOWN, mail, subscription

BUDGET = 1.0  # seconds of processor time
AGREEMENT = 0.98
# It is a bounce, and says so; it stands among what is none because it made the other program fail.
SAYS_SO_ITSELF = "not/rb-issue-368-bug.eml"
CLAIM = LeaveClaim(year=2026, subscription_id=7)


@pytest.fixture(scope="module")
def expected(corpora: Path) -> dict[str, list[dict[str, Any]]]:
    found = json.loads((corpora / "sisimai-dev" / "expected.json").read_text())
    return {name: each if isinstance(each, list) else [] for name, each in found.items()}


def read(corpora: Path, name: str) -> Failure | Complaint | AutoReply | None:
    return reports.read((corpora / "sisimai-dev" / name).read_bytes())


def test_every_report_is_one_and_nothing_else_is(corpora: Path, expected: dict[str, Any]) -> None:
    found = {name: read(corpora, name) for name in expected}
    wrong = [name for name, report in found.items() if (report is None) != name.startswith("not/")]
    assert len(found) == 99
    assert wrong == [SAYS_SO_ITSELF]


def test_permanent_or_temporary_as_expected(corpora: Path, expected: dict[str, Any]) -> None:
    failures = {name: each[0] for name, each in expected.items() if each and each[0]["status"]}
    agreed = classes = 0
    for name, wanted in failures.items():
        found = read(corpora, name)
        assert isinstance(found, Failure), name
        agreed += found.permanent == wanted["hardbounce"]
        classes += found.status[0] == wanted["status"][0]
    assert len(failures) == 78
    assert agreed >= AGREEMENT * len(failures)
    assert classes >= AGREEMENT * len(failures)


def test_the_reason_in_the_words_of_the_field(corpora: Path, expected: dict[str, Any]) -> None:
    failures = {name: each[0] for name, each in expected.items() if each and each[0]["status"]}
    found = {name: read(corpora, name) for name in failures}
    same = [name for name, each in found.items() if getattr(each, "reason", "") == failures[name]["reason"]]
    assert len(same) >= 0.9 * len(failures)


def test_vacations_and_complaints_are_told_apart(corpora: Path, expected: dict[str, Any]) -> None:
    for name, each in expected.items():
        reasons = {one["reason"] for one in each}
        if "vacation" in reasons:
            assert isinstance(read(corpora, name), AutoReply), name
        if "feedback" in reasons:
            assert read(corpora, name) == Complaint(kind=each[0]["feedbacktype"]), name


def test_the_feedback_reports_of_another_set(corpora: Path) -> None:
    for file in sorted((corpora / "stalwart-mail-auth" / "arf").glob("*.eml")):
        found = reports.read(file.read_bytes())
        kind = json.loads(file.with_suffix(".json").read_text())["feedback_type"]
        assert isinstance(found, Complaint), file.name
        assert found.kind.replace("-", "") == kind.lower(), file.name


def test_each_is_read_in_no_time_and_none_is_answered(corpora: Path, expected: dict[str, Any]) -> None:
    row = subscription(["tomio"])
    facts = Facts(claimed={CLAIM: row}, held=(row,))
    for name in expected:
        inbound = replace(mail("bounce", tag="token", sender=None), raw=(corpora / "sisimai-dev" / name).read_bytes())
        started = time.process_time()
        outcome = bounce.handle(inbound, Verdict(claim=CLAIM), facts, TOWN)
        assert time.process_time() - started < BUDGET, name
        assert outcome.reply.code == 250
        assert not [letter for letter in outcome.letters if letter.probe is None]
