"""A relay worker without its connections (protocol 5.12): what it does with rows whose key it cannot have just now."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from gateway.relay.compose import Prepared
from gateway.relay.pipe import Draft, Forget, Orders, Report, Rows
from gateway.relay.worker import Worker
from storage.keyring import create_keys
from storage.parcels import Recipient

ALERT = 3
ROW = Recipient(7, bytes(16), b"sealed", 7)


def worker(folder: Path, reports: list[object]) -> Worker:
    create_keys(folder / "keys", folder / "keys" / "kek", 2026)
    orders = SimpleNamespace(
        keys=folder / "keys",
        kek=f"file:{folder}/keys/kek",
        dkim=(),
        unquoted_domains=(),
        domain="anshin.example",
        number=0,
        workers=1,
        connections=0,
        rate=0,
        pace=(),
        smarthost=f"maildir:{folder}/outbox",
        further=(),
        share=False,
        fallback="",
        copies_per_connection=0,
        counterfoils=folder / "counterfoils",
        synced_every=0,
    )
    return Worker(cast("Orders", orders), reports.append)


def test_5_12_a_key_that_was_not_to_be_had_for_a_moment_stops_no_alert(tmp_path: Path) -> None:
    reports: list[object] = []
    found, key = worker(tmp_path, reports), tmp_path / "keys" / "2026.key"
    key.rename(tmp_path / "elsewhere")
    found.hear(Draft(ALERT, 2026, bytes(16), cast("Prepared", SimpleNamespace(body=b""))))
    found.hear(Rows(1, ALERT, (ROW,)))
    assert [(report.outcomes[0].row, report.outcomes[0].tried) for report in reports if isinstance(report, Report)] == [
        (ROW.id, False)
    ]
    (tmp_path / "elsewhere").rename(key)
    found.hear(Rows(1, ALERT, (ROW,)))
    assert len(reports) == 1
    assert len(found._queue) == 1


def test_3_10_an_edition_whose_key_is_gone_is_let_go_of_and_made_again_where_the_key_is_back(tmp_path: Path) -> None:
    reports: list[object] = []
    found, key = worker(tmp_path, reports), tmp_path / "keys" / "2026.key"
    found.hear(Draft(ALERT, 2026, bytes(16), cast("Prepared", SimpleNamespace(body=b""))))
    found.hear(Rows(1, ALERT, (ROW,)))
    key.rename(tmp_path / "elsewhere")
    found.forget_gone()
    assert not found._editions
    (tmp_path / "elsewhere").rename(key)
    found.hear(Rows(1, ALERT, (ROW,)))
    assert reports == []
    found.hear(Forget(ALERT))
    assert not found._editions
    assert not found._drafts
