"""A living town whose KEK moves into a PKCS#11 token, works from there, and moves back (protocol 9 [keys], 3.10)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.keyring import Keyring
from tests.e2e.conftest import Start
from tests.e2e.town import Gateway, alert, run, this_year
from tests.fakes.softhsm import LABEL, NAME, PIN, SoftToken, soft_token

ALERT = "地区：全域\n区分：迷子\n\n迷子です。\n"
PERSON = "akane@family.test"
YEAR = this_year()


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    with soft_token(tmp_path / "hsm", monkeypatch) as token:
        yield token


def moved(town: Gateway, kek: str, told: str) -> None:
    """Both steps of a move, with the restart between."""
    assert "restart, and run the same command again" in town.command("keys", "rewrap", "--to", kek)
    town.subscribe(PERSON, "浜手")  # still by the old one
    assert town.stop() == 0
    config = town.config.read_text("utf-8").partition("\n[keys]\n")[0]
    town.config.write_text(f'{config}\n[keys]\nkek = "{kek}"\n', "utf-8")
    town.start()
    assert told in town.command("keys", "rewrap", "--to", kek)


def alerted(town: Gateway, text: str, count: int) -> None:
    assert town.post(alert(ALERT.replace("迷子です", text)))[0] == 250
    town.await_copies(PERSON, count)


def keks(town: Gateway) -> set[str]:
    keyring = Keyring(town.config.parent / "keys", "")
    return {wrap.kek for name in keyring.names() for wrap in keyring.read(name).wraps}


@pytest.mark.timeout(240)
def test_9_the_kek_moves_into_a_token_and_the_town_goes_on_and_back(token: SoftToken, gateway: Start) -> None:
    town = gateway()
    first = keks(town)
    moved(town, token.uri, "destroy every copy")
    (town.config.parent / "keys" / "kek").unlink()
    assert token.labels() == [LABEL]
    alerted(town, "港で迷子です", 1)
    assert "sealed anew" in town.command("keys", "rotate", str(YEAR))
    alerted(town, "駅で迷子です", 2)
    in_token = keks(town)
    assert "destroy every backup of the token" in town.command("keys", "rewrap", "--to", token.uri)
    assert first != in_token != keks(town)
    assert token.labels() == [LABEL]
    moved(town, "file:back/kek", "destroy every copy")
    alerted(town, "浜で迷子です", 3)
    for told in (town.log.read_text(), str(town.audit.entries), town.config.read_text("utf-8")):
        assert PIN not in told


@pytest.mark.timeout(240)
@pytest.mark.parametrize("makes_another", [True, False])
def test_3_10_the_certificate_says_whether_the_kek_in_the_token_was_replaced(
    token: SoftToken, gateway: Start, makes_another: bool
) -> None:
    town = gateway()
    moved(town, token.uri, "destroy every copy")
    (old,) = keks(town)
    if not makes_another:
        for _ in range(2):
            token.generate(f"{LABEL}.new")
    town.command("year", "end", "--year", str(YEAR), "--before-its-date")
    (new,) = keks(town)
    (paper,) = town.config.parent.rglob("certificates/*.txt")
    replaced, kept = f"{old} → {new} (replaced, the old one destroyed)", f"{old} (pkcs11, not replaced)"
    assert (replaced if makes_another else kept) in paper.read_text("utf-8")
    assert (new != old) is makes_another
    assert token.labels().count(LABEL) == 1
    town.subscribe(PERSON, "浜手")
    alerted(town, "港で迷子です", 1)


def test_9_serve_and_check_tell_what_is_wrong_with_the_token(token: SoftToken, gateway: Start) -> None:
    town = gateway()
    moved(town, token.uri, "destroy every copy")
    assert town.stop() == 0
    token.write_pin("13579246")
    for words in (["serve"], ["check"]):
        ended = run(*words, "--config", str(town.config))
        assert ended.returncode == 1
        assert f'token "{NAME}": PinIncorrect' in ended.stderr + ended.stdout
        assert "correct what pin-source names" in ended.stderr + ended.stdout
        assert "Traceback" not in ended.stderr
        assert "13579246" not in ended.stderr + ended.stdout
    refused = run("keys", "rewrap", "--to", token.uri_of("other"), "--config", str(town.config))
    assert refused.returncode == 1
    assert refused.stderr.startswith("mimamori: ")
    token.write_pin(PIN)
    town.start()
    alerted(town, "港で迷子です", 1)
