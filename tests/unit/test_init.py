"""`mimamori init`: all of it or nothing, never over what is there (protocol 8)."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from gateway import init as command
from gateway.config import load
from gateway.init import InitError, init
from storage.keyring import Keyring

NEW_YEAR = datetime(2027, 3, 31, 15, 0, tzinfo=UTC)  # the first of April in Tokyo


def _never(question: str, default: str) -> NoReturn:
    raise AssertionError("nobody is there to be asked")


def _tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _init(folder: Path, *answers: str) -> list[str]:
    said: list[str] = []
    left = list(answers)

    def ask(question: str, default: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    init(folder, interactive=bool(answers), ask=ask if answers else _never, say=said.append, now=lambda: NEW_YEAR)
    return said


def test_a_folder_is_made_ready_to_serve_without_a_question(tmp_path: Path) -> None:
    said = _init(tmp_path / "town")
    assert _tree(tmp_path / "town") == {
        "config.toml",
        "terms.ja.txt",
        "keys",
        "keys/kek",
        "keys/2027.key",
        "keys/audit.key",
        "keys/root.key",
    }
    settings = load(tmp_path / "town" / "config.toml")
    assert settings.relay.smarthost == f"maildir:{tmp_path}/town/var/outbox"
    assert settings.gateway.admin is None
    assert settings.town.terms.version == "2027-04-01"
    assert said[-1].startswith("next:")


def test_only_the_owner_may_read_what_is_written(tmp_path: Path) -> None:
    _init(tmp_path / "town")
    assert _mode(tmp_path / "town" / "keys") == 0o700
    assert {_mode(path) for path in (tmp_path / "town").rglob("*") if path.is_file()} == {0o600}


def test_the_keys_open_with_the_written_settings(tmp_path: Path) -> None:
    _init(tmp_path)
    keys = load(tmp_path / "config.toml").keys
    assert Keyring(keys.directory, keys.kek).year(2027).year == 2027


def test_the_terms_name_what_is_held_until_when_and_how_to_leave(tmp_path: Path) -> None:
    _init(tmp_path, "mail.town.test", "町", "電話 1", "", "")
    terms = (tmp_path / "terms.ja.txt").read_text(encoding="utf-8")
    for word in ("メールアドレスと配信地区", "3月31日", "unsubscribe@mail.town.test", "電話 1", "町"):
        assert word in terms


def test_answers_at_a_terminal_are_written_and_wrong_ones_asked_again(tmp_path: Path) -> None:
    said = _init(tmp_path, "not a domain", "Mail.Town.test", "町", "", "x", "me@mail.town.test", "me@town.test", "")
    settings = load(tmp_path / "config.toml")
    assert settings.gateway.domain == "mail.town.test"
    assert settings.gateway.organisation == "町"
    assert settings.gateway.contact == "電話 00-0000-0000"
    assert settings.gateway.admin is not None
    assert settings.gateway.admin.canonical == "me@town.test"
    assert len([line for line in said if "not a" in line or "own domain" in line]) == 3


def test_an_end_of_answers_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InitError, match="nothing written"):
        _init(tmp_path / "town", "town.test")
    assert not (tmp_path / "town").exists()


@pytest.mark.parametrize("there", ["config.toml", "terms.ja.txt", "keys"])
def test_what_is_there_is_never_touched(tmp_path: Path, there: str) -> None:
    (tmp_path / there).symlink_to("nowhere")
    with pytest.raises(InitError, match=rf"{there} already there; edit it or choose another directory"):
        _init(tmp_path)
    assert _tree(tmp_path) == {there}


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = command._fill

    def interrupted(staging: Path, *rest: object) -> None:
        fill(staging, *rest)  # type: ignore[arg-type]
        (tmp_path / "config.toml").write_text("mine")

    monkeypatch.setattr(command, "_fill", interrupted)
    with pytest.raises(InitError):
        _init(tmp_path)
    assert _tree(tmp_path) == {"config.toml"}
    assert (tmp_path / "config.toml").read_text() == "mine"


@pytest.mark.parametrize("step", ["create_keys", "_move", "_sync"])
def test_a_failure_half_way_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, step, fail)
    with pytest.raises(InitError, match="No space left on device"):
        _init(tmp_path / "town")
    assert _tree(tmp_path) == set()


def test_root_and_only_root_is_warned(tmp_path: Path) -> None:
    said = _init(tmp_path)
    assert any("root" in line for line in said) == (os.geteuid() == 0)


def test_a_place_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "town").write_text("")
    with pytest.raises(InitError, match="choose another directory"):
        _init(tmp_path / "town")


def test_at_a_terminal_the_kek_goes_where_it_is_wanted_and_what_to_write_down_is_told(tmp_path: Path) -> None:
    safe = tmp_path / "stick" / "kek"
    said = "\n".join(_init(tmp_path / "town", "town.test", "町", "電話 1", "", str(safe)))
    assert "keep the three apart" in said
    settings = load(tmp_path / "town" / "config.toml")
    assert settings.keys.kek == f"file:{safe}"
    assert not (tmp_path / "town" / "keys" / "kek").exists()
    assert (_mode(safe), _mode(safe.parent)) == (0o600, 0o700)
    ring = Keyring(settings.keys.directory, settings.keys.kek)
    assert ring.year(2027).key_id.hex() in said
    assert ring.read("2027").wraps[0].kek in said
    assert ring.read("2027").made[ring.year(2027).key_id.hex()] == NEW_YEAR.isoformat()


def test_a_kek_that_is_there_already_is_never_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "kek").write_text("mine")
    with pytest.raises(InitError, match="a KEK is never overwritten, name another place"):
        _init(tmp_path / "town", "town.test", "町", "電話 1", "", str(tmp_path / "kek"))
    assert (tmp_path / "kek").read_text() == "mine"
    assert not (tmp_path / "town").exists()
