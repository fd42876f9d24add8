"""What a worker makes of rows while the key of their year is rotated (protocol 9, [keys]): each opens, old or new."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.relay.compose import Prepared
from gateway.relay.copies import Copyist, Edition
from gateway.relay.pipe import Draft, Orders
from storage.keyfile import KeyFile
from storage.keyring import Keyring, KeyTrouble, Place, YearKey, create_keys, read_kek, wrap
from storage.parcels import Recipient
from storage.resealing import rotated, without_older

UUID = bytes(16)


def row(key: YearKey) -> Recipient:
    return Recipient(7, UUID, key.seal(Place("subscription", "address", UUID), b"parent@family.example"))


def test_9_rows_open_before_during_and_after_a_rotation(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    kek = f"file:{tmp_path}/keys/kek"
    ring = Keyring(tmp_path / "keys", kek)
    facts = {"keys": tmp_path / "keys", "kek": kek, "dkim": (), "domain": "anshin.example", "unquoted_domains": ()}
    orders = SimpleNamespace(**facts, counterfoils=tmp_path / "counterfoils", number=0, synced_every=0)
    copyist = Copyist(cast("Orders", orders))
    prepared = cast("Prepared", SimpleNamespace(body=b"", copy=lambda to, *_: to.encode()))
    edition: Edition = copyist.edition(Draft(1, 2026, UUID, prepared, None))
    before = row(ring.year(2026))

    secrets = rotated(ring.secrets("2026"))
    ring.replace("2026", KeyFile(dict.fromkeys(map(bytes.hex, secrets.masters)), (wrap(secrets, read_kek(kek)),)))
    during = row(ring.year(2026))
    ring.replace("2026", without_older(ring.read("2026")))
    with pytest.raises(KeyTrouble):
        before.opened(ring.year(2026))
    for each in (before, during, row(ring.year(2026)), before):
        assert copyist.splice(edition, each).copy.recipient == "parent@family.example"


def test_3_10_a_worker_lets_go_of_a_year_whose_key_is_gone(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    facts = {"keys": tmp_path / "keys", "kek": f"file:{tmp_path}/keys/kek", "dkim": ()}
    orders = SimpleNamespace(**facts, counterfoils=tmp_path / "counterfoils", number=0, synced_every=0)
    copyist = Copyist(cast("Orders", orders))
    copyist.edition(Draft(1, 2026, UUID, cast("Prepared", SimpleNamespace(body=b"")), None))
    assert copyist.living() == (2026,)
    (tmp_path / "keys" / "2026.key").unlink()
    assert copyist.living() == ()
    assert not copyist._keyring._years
