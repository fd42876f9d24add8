"""A KEK in a PKCS#11 token (protocol 9, [keys]): what it wraps, how it moves and is renewed, what goes wrong."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest

from gateway.checks import keys as check_keys
from gateway.checks.finding import Status
from storage import rewrapping, token_uri
from storage.kek import NotRenewable
from storage.keyfile import KeyFile
from storage.keyring import Keyring, KeyTrouble, create_keys, read_kek
from storage.token_kek import TokenPlace
from tests.fakes.configuration import LEAST, Complain, Load
from tests.fakes.softhsm import LABEL, PIN, SoftToken, soft_token

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    with soft_token(tmp_path / "hsm", monkeypatch) as token:
        yield token


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    return tmp_path / "keys"


def moved(folder: Path, token: SoftToken) -> Keyring:
    """The keys under a KEK of the token alone."""
    rewrapping.add_wraps(Keyring(folder, f"file:{folder}/kek"), rewrapping.found_or_made(token.uri))
    ring = Keyring(folder, token.uri)
    rewrapping.drop_wraps(ring)
    return ring


def masters(ring: Keyring) -> dict[str, object]:
    return {name: ring.secrets(name).masters for name in ring.names()}


class Crash(Exception):
    """The machine stops."""


class Stopping(TokenPlace):
    """Stops after the old KEK is destroyed, before the new one has its label."""

    def _settle(self) -> None:
        if LABEL not in self.labels():
            raise Crash
        super()._settle()

    def labels(self) -> list[str]:
        return SoftToken(Path(), self._uri.module).labels()


# --- wrapping -----------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [32, 192])
def test_the_token_unwraps_what_it_wrapped(token: SoftToken, octets: int) -> None:
    kek, secret = rewrapping.found_or_made(token.uri), os.urandom(octets)
    wrapped = kek.wrap(secret)
    assert secret not in wrapped
    assert len(wrapped) == octets + 8  # RFC 3394
    assert read_kek(token.uri).unwrap(wrapped) == secret
    with pytest.raises(KeyTrouble):
        kek.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]))


def test_the_kek_is_made_once_and_never_comes_out(token: SoftToken) -> None:
    kek = rewrapping.found_or_made(token.uri)
    assert rewrapping.found_or_made(token.uri).id == read_kek(token.uri).id == kek.id
    assert token.labels() == [LABEL]
    assert not token_uri.place(token.uri).exportable()


def test_nothing_that_passed_through_stays_in_the_token(token: SoftToken) -> None:
    kek = rewrapping.found_or_made(token.uri)
    kek.unwrap(kek.wrap(bytes(32)))
    with token._session() as session:
        assert len(list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))) == 1


def test_9_a_module_that_began_without_its_token_is_initialised_anew(token: SoftToken) -> None:
    kek = rewrapping.found_or_made(token.uri)
    wrapped = kek.wrap(bytes(32))
    pkcs11.lib(token.module).finalize()
    tokens, away = token.folder / "tokens", token.folder / "away"
    tokens.rename(away)
    tokens.mkdir()
    with pytest.raises(KeyTrouble, match="NoSuchToken; is it there"):
        read_kek(token.uri)
    tokens.rmdir()
    away.rename(tokens)
    assert read_kek(token.uri).id == kek.id
    assert kek.unwrap(wrapped) == bytes(32)


def test_9_work_goes_on_when_the_token_comes_back_between_two_tries(token: SoftToken) -> None:
    kek = rewrapping.found_or_made(token.uri)
    pkcs11.lib(token.module).finalize()
    tokens, away = token.folder / "tokens", token.folder / "away"
    tokens.rename(away)

    def back() -> None:
        away.rename(tokens)

    later = threading.Timer(0.05, back)
    later.start()
    assert read_kek(token.uri).id == kek.id
    later.join()


def test_9_a_kek_that_is_made_again_is_the_same(token: SoftToken) -> None:
    place = TokenPlace(token_uri.parse(token.uri))
    assert place._made(LABEL).id == place._made(LABEL).id
    assert token.labels() == [LABEL]


def test_the_keys_move_into_the_token_and_back(folder: Path, token: SoftToken) -> None:
    before = masters(Keyring(folder, f"file:{folder}/kek"))
    ring = moved(folder, token)
    assert masters(ring) == before
    with pytest.raises(KeyTrouble, match="the KEK does not open this key"):
        masters(Keyring(folder, f"file:{folder}/kek"))
    ring.mint(2027)
    rewrapping.add_wraps(ring, read_kek(f"file:{folder}/kek"))
    back = Keyring(folder, f"file:{folder}/kek")
    rewrapping.drop_wraps(back)
    assert masters(back).keys() == {"2026", "2027", "root"}
    with pytest.raises(KeyTrouble, match="the KEK does not open this key"):
        masters(Keyring(folder, token.uri))


# --- another KEK in the token -------------------------------------------------------------------


def test_3_10_a_renewed_kek_opens_everything_and_the_old_one_is_destroyed(folder: Path, token: SoftToken) -> None:
    ring = moved(folder, token)
    before, old = masters(ring), read_kek(token.uri)
    stolen = ring.read("2026").wraps[0].keys
    renewed = rewrapping.renew(ring, old.id)
    assert (renewed.old, renewed.new) == (old.id, read_kek(token.uri).id)
    assert renewed.new != old.id
    assert masters(ring) == before
    assert token.labels() == [LABEL]
    for kek in (old, read_kek(token.uri)):
        for wrapped in stolen.values():
            with pytest.raises(KeyTrouble):
                kek.unwrap(wrapped)


def test_3_10_after_a_stop_between_destroying_and_naming_everything_opens_and_the_next_renewal_mends_it(
    folder: Path, token: SoftToken
) -> None:
    ring = moved(folder, token)
    before, old = masters(ring), read_kek(token.uri).id
    rewrapping.add_wraps(ring, token_uri.place(token.uri).fresh())
    with pytest.raises(Crash):
        Stopping(token_uri.parse(token.uri)).promote()
    assert token.labels() == [f"{LABEL}.new"]
    assert masters(Keyring(folder, token.uri)) == before
    first = rewrapping.renew(ring, old).new
    assert first != old
    assert rewrapping.renew(ring, first).new not in (first, old)
    assert token.labels() == [LABEL]
    assert masters(ring) == before
    assert not rewrapping.half_done(ring)


def test_3_10_after_a_stop_while_keys_lie_under_both_it_is_done_again(folder: Path, token: SoftToken) -> None:
    ring = moved(folder, token)
    before, old = masters(ring), read_kek(token.uri).id

    class Fragile(Keyring):
        def replace(self, name: str, content: KeyFile) -> None:
            if name == "root":
                raise Crash
            super().replace(name, content)

    with pytest.raises(Crash):
        rewrapping.renew(Fragile(folder, token.uri), old)
    assert masters(ring) == before
    assert rewrapping.renew(ring, old).new != old
    assert token.labels() == [LABEL]
    assert masters(ring) == before


def test_a_kek_that_the_token_cannot_replace_is_left_and_that_is_said(folder: Path, token: SoftToken) -> None:
    ring = moved(folder, token)
    before, old = masters(ring), read_kek(token.uri).id
    for _ in range(2):
        token.generate(f"{LABEL}.new", wrap=True, unwrap=True)
    with pytest.raises(NotRenewable, match=f'the KEK stays as it is: .*2 keys are "{LABEL}.new"'):
        rewrapping.renew(ring, old)
    assert read_kek(token.uri).id == old
    assert masters(ring) == before


# --- what goes wrong ----------------------------------------------------------------------------


def test_token_trouble_is_told_with_its_remedy_and_without_the_pin(token: SoftToken) -> None:
    rewrapping.found_or_made(token.uri)
    gone = token.uri.replace(token.module, "/nowhere/module.so")
    no_module = token.uri.replace(token.module, "/etc/hostname")
    token.write_pin("13579246")
    for source, said in {
        token.uri: 'token "minato": PinIncorrect; the PIN is wrong: correct what pin-source names',
        token.uri_of("other"): 'token "other": NoSuchToken; is it there',
        gone: "/nowhere/module.so: no PKCS#11 module that works; install the token's own",
        no_module: "/etc/hostname: no PKCS#11 module that works",
    }.items():
        with pytest.raises(KeyTrouble) as caught:
            read_kek(source)
        assert str(caught.value).startswith(said)
        assert "13579246" not in f"{caught.value!r}{caught.value.__cause__!r}"
        assert caught.value.__suppress_context__
    token.write_pin(PIN)
    with pytest.raises(KeyTrouble, match=r'has no KEK "another"; correct object in \[keys\] kek'):
        read_kek(token.uri.replace("mimamori%20kek", "another"))


def test_a_pin_that_was_refused_is_not_tried_again(token: SoftToken) -> None:
    """A token counts; what would be right by now shows whether it was asked."""
    rewrapping.found_or_made(token.uri)
    token.write_pin("97531864")
    with pytest.raises(KeyTrouble, match="PinIncorrect"):
        read_kek(token.uri)
    with token._session() as session:
        session.set_pin(PIN, "97531864")
    with pytest.raises(KeyTrouble, match="PinIncorrect"):
        read_kek(token.uri)


def test_a_pin_that_others_may_read_or_that_is_not_there_is_refused(token: SoftToken) -> None:
    token.pin.chmod(0o640)
    with pytest.raises(KeyTrouble, match=r"the PIN of the token, by pin-source in \[keys\] kek: .*others may read"):
        read_kek(token.uri)
    token.pin.unlink()
    with pytest.raises(KeyTrouble, match=r"the PIN of the token, by pin-source .*pin: no such key"):
        read_kek(token.uri)


def test_the_pin_may_be_a_credential(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    kek = rewrapping.found_or_made(token.uri)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(token.folder))
    assert read_kek(token.uri.replace(f"file:{token.pin}", "credential:pin")).id == kek.id


def test_a_kek_of_another_program_works_and_check_warns_where_it_could_leave(
    folder: Path, token: SoftToken, read: Load
) -> None:
    token.generate(LABEL, wrap=True, unwrap=True, extractable=True, sensitive=False)
    moved(folder, token)
    town = read(LEAST)
    town = replace(town, keys=replace(town.keys, directory=folder, kek=token.uri))
    found = {one.message: one.status for one in check_keys.look(town, NOW)}
    assert found["KEK がトークンから取り出せる設定です / the token would give the KEK out"] is Status.WARNING
    assert any(status is Status.OK and "the KEK opens the keys of 2026" in said for said, status in found.items())
    token.write_pin("13579246")
    (trouble,) = [one for one in check_keys.look(town, NOW) if "KEK が使えません" in one.message]
    assert trouble.status is Status.FAILURE
    assert "correct what pin-source names" in f"{trouble.message}{trouble.remedy}"
    assert "13579246" not in f"{trouble}"


# --- the URI (RFC 7512) -------------------------------------------------------------------------


def test_9_the_uri_is_read_with_its_percents() -> None:
    uri = token_uri.parse("pkcs11:object=a%3Bb;token=%E6%B8%AF?pin-source=/etc/pin&module-path=/usr/lib/m.so")
    assert (uri.token, uri.label, uri.module, uri.pin_source) == ("港", "a;b", "/usr/lib/m.so", "file:/etc/pin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pkcs11:", "write"),
        ("pkcs11:token=a;object=b", "write"),
        ("pkcs11:token=a;object=?module-path=/m&pin-source=/p", "write"),
        ("pkcs11:token=a;token=c;object=b?module-path=/m&pin-source=/p", "write"),
        ("pkcs11:token=a;object=b;slot-id=1?module-path=/m&pin-source=/p", "write"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-value=86420", "no PIN in the configuration"),
        ("pkcs11:token=a;object=b?module-path=m.so&pin-source=/p", "module-path: write the whole path"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-source=pin", "pin-source: write file:/PATH"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-source=credential:../x", "pin-source: write file:/PATH"),
    ],
)
def test_9_another_uri_is_refused_with_the_form(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        token_uri.parse(text)
    assert "86420" not in str(caught.value)


def test_nothing_of_a_token_is_logged(token: SoftToken, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        kek = rewrapping.found_or_made(token.uri)
        kek.unwrap(kek.wrap(bytes(32)))
    assert PIN not in f"{caplog.text}{kek!r}"


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "storage.token_kek", None)
    with pytest.raises(KeyTrouble, match=r"install the extra mimamori\[pkcs11\]"):
        read_kek("pkcs11:token=a;object=b?module-path=/m&pin-source=/p")


def test_the_extra_is_imported_where_a_token_is_configured_only() -> None:
    words = [sys.executable, "-c", "import gateway.app, gateway.cli, sys; print('pkcs11' in sys.modules)"]
    assert subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout == "False\n"


def test_9_the_configuration_takes_a_token_and_refuses_a_pin(read: Load, complain: Complain) -> None:
    uri = "pkcs11:token=a;object=b?module-path=/m&pin-source=credential:pin"
    assert read(f'{LEAST}[keys]\nkek = "{uri}"\n').keys.kek == uri
    (said,) = complain(f'{LEAST}[keys]\nkek = "{uri}&pin-value=86420"\n')
    assert "no PIN in the configuration; write it into a file" in said
    assert "86420" not in said
