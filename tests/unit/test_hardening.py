"""What a process of ours leaves behind when it breaks, and which files it refuses to stand on (protocol 9)."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.exposure import refuse_exposed
from gateway.settings import Settings
from storage.engine import StorageTrouble
from storage.keyring import create_keys
from tests.fakes.configuration import LEAST, Load

ROOT = Path(__file__).parents[2]
SECRET = "akane@family.test"
BEGIN = f"""\
import ctypes, faulthandler, resource, threading
from gateway import hardening
hardening.protect()
hardening.hush()
secret = {SECRET!r}
"""


def outcome(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "breaks",
    [
        "raise ValueError(secret)",
        "def work():\n    raise KeyError(secret)\nt = threading.Thread(target=work)\nt.start()\nt.join()",
        "class Thing:\n    def __del__(self):\n        raise RuntimeError(secret)\nthing = Thing()\ndel thing",
        "try:\n    open(secret)\nexcept OSError as error:\n    raise RuntimeError(secret) from error",
    ],
    ids=["in the main thread", "in another thread", "at the end of an object", "with a cause"],
)
def test_no_text_of_an_exception_is_shown_only_its_kind_and_place(breaks: str) -> None:
    ended = outcome(breaks)
    assert SECRET not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert "mimamori: internal error: " in ended.stderr
    assert " at __main__:" in ended.stderr


def test_nothing_is_dumped_or_traced() -> None:
    ended = outcome(
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), "
        "faulthandler.is_enabled())"
    )
    assert ended.stdout.split("\n")[0] == "(0, 0) 0 False"


@pytest.fixture
def town(read: Load, tmp_path: Path) -> Callable[[], Settings]:
    """A town all of whose files are private; the test loosens one."""
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    (tmp_path / "var" / "certificates").mkdir(parents=True, mode=0o700)
    for name in ("mimamori.db", "mimamori.lock", "certificates/2026.txt"):
        (tmp_path / "var" / name).touch(mode=0o600)
        (tmp_path / "var" / name).chmod(0o600)
    (tmp_path / "var" / "certificates").chmod(0o700)
    return lambda: read(LEAST)


@pytest.mark.parametrize(
    "name", ["keys", "var/mimamori.db", "var/mimamori.lock", "var/certificates", "var/certificates/2026.txt"]
)
def test_a_file_that_others_may_read_is_refused_with_the_remedy(
    town: Callable[[], Settings], tmp_path: Path, name: str
) -> None:
    refuse_exposed(town())
    (tmp_path / name).chmod((tmp_path / name).stat().st_mode | 0o044)
    with pytest.raises(StorageTrouble, match=rf"others have access to it; chmod [67]00 .*{name}$"):
        refuse_exposed(town())


def test_a_configuration_with_a_password_is_its_owners_alone(read: Load, tmp_path: Path) -> None:
    secret = f'{LEAST}[relay]\nusername = "u"\npassword = "p"\n'
    settings = read(secret)
    settings.path.chmod(0o644)
    with pytest.raises(StorageTrouble, match=r"chmod 600 .*config\.toml"):
        refuse_exposed(settings)
    settings.path.chmod(0o600)
    refuse_exposed(settings)
    settings = read(LEAST)
    settings.path.chmod(0o644)
    refuse_exposed(settings)
