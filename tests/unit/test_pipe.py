"""What goes over the pair between server and worker comes out as it went in (docs/adr/0009)."""

import pickle

from gateway.relay.pipe import Outcome, Report, Rows
from storage.parcels import Recipient


def test_rows_arrive_as_they_were_sent() -> None:
    rows = Rows(7, 3, (Recipient(1, b"one", b"sealed", 1), Recipient(2, b"two", b"sealed too", 9)))
    found = pickle.loads(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
    assert found == rows
    assert isinstance(found, Rows)
    assert all(isinstance(row, Recipient) for row in found.rows)


def test_a_report_arrives_as_it_was_sent() -> None:
    outcomes = (Outcome(7, 1, 451, "4.2.0", False, "town.example"), Outcome(7, 2, 0, "", True, "", home=1, later=0.5))
    report = Report({7: [(3, "town.example"), (4, "city.example")], 8: [(5, "")]}, outcomes, "the smarthost is gone")
    found = pickle.loads(pickle.dumps(report, pickle.HIGHEST_PROTOCOL))
    assert found == report
    assert isinstance(found, Report)
    assert all(isinstance(outcome, Outcome) for outcome in found.outcomes)
    assert found.size == 5
