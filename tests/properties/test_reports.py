"""Whatever comes back is read without an exception, and what it says stays within the field's words (6.6)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import reports
from handlers.reports import REASONS, AutoReply, Complaint, Failure
from tests.unit.test_reports import DAEMON, SAMPLES, dsn, plain

PIECES = [dsn(action="failed", status="5.1.1"), DAEMON.encode(), *(plain(each) for each in SAMPLES[:10])]
CUTS = st.tuples(st.sampled_from(PIECES), st.integers(0, 600), st.integers(0, 600))


def judged(raw: bytes) -> None:
    found = reports.read(raw)
    assert found is None or isinstance(found, Failure | Complaint | AutoReply)
    if isinstance(found, Failure):
        assert found.reason in REASONS
        assert found.status[0] in "245"
        assert not (found.permanent and (found.delayed or found.status.startswith("4")))


@given(st.binary(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_any_octets_are_read(raw: bytes) -> None:
    judged(raw)
    judged(DAEMON.encode() + b"\n" + raw)


@given(st.lists(CUTS, max_size=6), st.binary(max_size=20))
@settings(max_examples=150, deadline=None)
def test_reports_cut_and_put_together_anew_are_read(cuts: list[tuple[bytes, int, int]], between: bytes) -> None:
    judged(between.join(piece[start : start + length] for piece, start, length in cuts))


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_words_of_a_mail_system_are_read(words: str) -> None:
    judged(f"{DAEMON}Content-Type: text/plain; charset=utf-8\n\n550 5.0.0 {words}\n".encode())
