"""Another KEK for every living key (protocol 9, [keys]): at no moment, and after no crash, is a key lost."""

import itertools
import json
import threading
from pathlib import Path

import pytest

from storage import rewrapping
from storage.kek import Kek
from storage.keyfile import KeyFile
from storage.keyring import Keyring, KeyTrouble, create_kek, create_keys, read_kek


class Crash(Exception):
    """The machine stops."""


class Fragile(Keyring):
    """Stops before the n-th key file is replaced."""

    def __init__(self, folder: Path, left: int) -> None:
        super().__init__(folder, f"file:{folder}/kek")
        self.left = left

    def replace(self, name: str, content: KeyFile) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1
        super().replace(name, content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek").mint(2027)
    return tmp_path / "keys"


def masters(folder: Path, kek: Kek | None = None) -> dict[str, object]:
    """Everything that the configured KEK, or this one, opens."""
    ring = Keyring(folder, f"file:{folder}/kek")
    return {name: ring.secrets(name, kek).masters for name in ring.names()}


def test_a_renewed_kek_opens_everything_and_the_old_one_nothing(folder: Path) -> None:
    before, old = masters(folder), read_kek(f"file:{folder}/kek")
    renewed = rewrapping.renew(Keyring(folder, f"file:{folder}/kek"), old.id)
    assert masters(folder) == before
    assert (renewed.old, renewed.new) == (old.id, read_kek(f"file:{folder}/kek").id)
    for name in before:
        with pytest.raises(KeyTrouble):
            Keyring(folder, f"file:{folder}/kek").secrets(name, old)
    assert sorted(file.name for file in folder.iterdir()) == ["2026.key", "2027.key", "kek", "root.key"]


def test_after_a_stop_at_any_file_everything_opens_and_doing_it_again_completes_it(folder: Path) -> None:
    before = masters(folder)
    for stop in itertools.count():
        old = read_kek(f"file:{folder}/kek").id
        try:
            rewrapping.renew(Fragile(folder, stop), old)
        except Crash:
            assert masters(folder) == before
            renewed = rewrapping.renew(Keyring(folder, f"file:{folder}/kek"), old)
            assert renewed.new != old
            assert masters(folder) == before
            assert not rewrapping.half_done(Keyring(folder, f"file:{folder}/kek"))
        else:
            break
    assert stop == 6  # each of three files twice


def test_a_new_kek_that_was_half_written_is_made_anew(folder: Path) -> None:
    before = masters(folder)
    (folder / "kek.new").write_bytes(b"half")
    (folder / "kek.new").chmod(0o600)
    rewrapping.renew(Keyring(folder, f"file:{folder}/kek"), read_kek(f"file:{folder}/kek").id)
    assert masters(folder) == before
    assert not (folder / "kek.new").exists()


def test_while_the_kek_moves_to_another_place_either_opens(folder: Path, tmp_path: Path) -> None:
    before, old = masters(folder), read_kek(f"file:{folder}/kek")
    create_kek(tmp_path / "elsewhere")
    new = read_kek(f"file:{tmp_path}/elsewhere")
    ring = Keyring(folder, f"file:{folder}/kek")
    rewrapping.add_wraps(ring, new)
    rewrapping.add_wraps(ring, new)  # twice is once
    assert masters(folder, old) == masters(folder, new) == before
    assert rewrapping.half_done(ring)
    moved = Keyring(folder, f"file:{tmp_path}/elsewhere")
    rewrapping.drop_wraps(moved)
    assert masters(folder, new) == before
    assert not rewrapping.half_done(moved)
    with pytest.raises(KeyTrouble):
        masters(folder, old)


def test_no_key_is_left_without_the_configured_kek(folder: Path, tmp_path: Path) -> None:
    """Whoever configures a KEK that wraps nothing yet must not lose the other wraps."""
    before = masters(folder)
    create_kek(tmp_path / "stranger")
    with pytest.raises(KeyTrouble, match="KEK does not open this"):
        rewrapping.drop_wraps(Keyring(folder, f"file:{tmp_path}/stranger"))
    assert masters(folder) == before


def test_a_key_that_was_made_between_the_two_steps_stops_the_second_before_anything_is_changed(
    folder: Path, tmp_path: Path
) -> None:
    create_kek(tmp_path / "elsewhere")
    old, new = Keyring(folder, f"file:{folder}/kek"), Keyring(folder, f"file:{tmp_path}/elsewhere")
    rewrapping.add_wraps(old, read_kek(new.kek_source))
    old.mint(2028)  # as on 1 March
    before, files = masters(folder), {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(KeyTrouble, match=r"2028\.key.* nothing was changed\. Set \[keys\] kek back"):
        rewrapping.drop_wraps(new)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == files
    rewrapping.add_wraps(old, read_kek(new.kek_source))  # the way out
    rewrapping.drop_wraps(new)
    assert {name: new.secrets(name).masters for name in new.names()} == before


def test_only_a_kek_in_a_file_or_token_is_renewed_in_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEK", (folder / "kek").read_text())
    with pytest.raises(
        KeyTrouble, match="only a KEK in a file or a token can be renewed in its place; use keys rewrap"
    ):
        rewrapping.renew(Keyring(folder, "env:KEK"), read_kek("env:KEK").id)


def test_files_of_the_first_version_are_read_and_rewrapped(folder: Path) -> None:
    """They do not name their KEK."""
    before = masters(folder)
    for file in folder.glob("*.key"):
        record = json.loads(file.read_text())
        file.write_text(json.dumps({name: record[name] for name in ("format", "id", "wrapped")}))
    assert masters(folder) == before
    rewrapping.renew(Keyring(folder, f"file:{folder}/kek"), read_kek(f"file:{folder}/kek").id)
    assert masters(folder) == before


def test_a_key_that_is_made_or_changed_meanwhile_is_not_left_under_the_kek_that_is_destroyed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, others, move = Keyring(folder, f"file:{folder}/kek"), [], rewrapping.move_private
    before = masters(folder)

    def while_others_write(source: Path, goal: Path) -> None:
        for work in (lambda: ring.mint(2028), lambda: rewrapping.drop_wraps(ring)):
            others.append(threading.Thread(target=work))
            others[-1].start()
            others[-1].join(0.2)  # as long as it can be done with the old KEK
        move(source, goal)

    monkeypatch.setattr(rewrapping, "move_private", while_others_write)
    rewrapping.renew(ring, read_kek(f"file:{folder}/kek").id)
    for other in others:
        other.join()
    after = masters(folder)
    assert after.pop("2028")
    assert after == before
