"""Keys and seals (protocol 9, [keys]): what opens where, whose tokens count, which files are refused, what is shown."""

import base64
import json
import os
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import tokens
from storage.keyring import (
    Keyring,
    KeyTrouble,
    OctetsKek,
    Place,
    YearKey,
    create_keys,
    read_kek,
    read_private,
    write_private,
)
from storage.records import LeaveClaim
from storage.token_letters import spelled

PURPOSES = ("leave", "bounce", "letter")
THIS = YearKey.derive(2026, b"12345678", bytes(range(32)))
OTHER = YearKey.derive(2027, b"87654321", bytes(range(1, 33)))
HERE = Place("subscription", "address", b"\x01" * 16)

places = st.builds(
    Place,
    st.sampled_from(["subscription", "request", "letter"]),
    st.sampled_from(["address", "districts", "body"]),
    st.binary(min_size=16, max_size=16),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    return tmp_path / "keys"


@pytest.fixture
def ring(folder: Path) -> Keyring:
    return Keyring(folder, f"file:{folder}/kek")


# --- seals --------------------------------------------------------------------------------------


@given(places, st.binary(max_size=200))
def test_what_is_sealed_opens_in_its_place(place: Place, plain: bytes) -> None:
    sealed = THIS.seal(place, plain)
    assert THIS.open(place, sealed) == plain
    assert len(plain) < 4 or plain not in sealed


@given(places, places, st.binary(min_size=1, max_size=50))
def test_what_is_sealed_opens_in_no_other_table_column_or_row(place: Place, other: Place, plain: bytes) -> None:
    sealed = THIS.seal(place, plain)
    if place != other:
        with pytest.raises(KeyTrouble):
            THIS.open(other, sealed)


@pytest.mark.parametrize(
    "other",
    [
        YearKey.derive(2027, b"12345678", bytes(range(32))),
        YearKey.derive(2026, b"87654321", bytes(range(32))),
        YearKey.derive(2026, b"12345678", bytes(range(1, 33))),
        OTHER,
    ],
    ids=["another year", "another id", "another master", "all other"],
)
def test_what_is_sealed_opens_under_no_other_key(other: YearKey) -> None:
    with pytest.raises(KeyTrouble, match=r"subscription\.address: a row of .* restore both from the same day"):
        other.open(HERE, THIS.seal(HERE, b"plain"))


def test_each_flipped_bit_is_noticed() -> None:
    sealed = THIS.seal(HERE, b"hanako@town.example")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyTrouble):
            THIS.open(HERE, bytes(changed))


def test_each_truncation_and_extension_is_noticed() -> None:
    sealed = THIS.seal(HERE, b"hanako@town.example")
    for length in range(len(sealed)):
        with pytest.raises(KeyTrouble):
            THIS.open(HERE, sealed[:length])
    with pytest.raises(KeyTrouble):
        THIS.open(HERE, sealed + b"\x00")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({THIS.seal(HERE, b"same") for _ in range(100)}) == 100


def test_places_cannot_be_confused_by_their_separators() -> None:
    one, other = Place("a|b", "c", b"r"), Place("a", "b|c", b"r")
    with pytest.raises(KeyTrouble):
        THIS.open(Place("subscription", "address|00", b""), THIS.seal(Place("subscription", "address", b"\x00"), b"x"))
    assert one.bound(2026, b"id") == other.bound(2026, b"id")  # names of ours never hold a bar


# --- blind indexes ------------------------------------------------------------------------------


def test_equal_texts_have_equal_digests_within_a_kind_and_year_only() -> None:
    kinds = ("address", "district", "text", "copy")
    digests = [key.blind(kind, "same") for key in (THIS, OTHER) for kind in kinds]
    assert len(set(digests)) == 8
    assert THIS.blind("address", "same") == digests[0]
    assert {len(digest) for digest in digests} == {32}


# --- tokens of leave, bounce and letters --------------------------------------------------------


@given(st.integers(min_value=0, max_value=2**48 - 1), st.sampled_from(PURPOSES))
def test_a_token_names_its_row_for_its_purpose_in_its_year_only(number: int, purpose: str) -> None:
    token = THIS.token(purpose, number)
    assert THIS.token(purpose, number) == token
    assert set(token) <= set(string.ascii_lowercase + "234567")
    for each in PURPOSES:
        assert THIS.token_number(each, token) == (number if each == purpose else None)
        assert OTHER.token_number(each, token) is None


def test_a_token_counts_in_capitals_too() -> None:
    token = THIS.token("leave", 42)
    assert THIS.token_number("leave", token.upper()) == THIS.token_number("leave", token.title()) == 42


def test_a_token_that_was_cut_or_lengthened_counts_for_nothing() -> None:
    token = THIS.token("leave", 42)
    for length in range(len(token)):
        assert THIS.token_number("leave", token[:length]) is None
    for more in ("a", "2", "aa", token, "0", "-", " ", "\n", "é", "ı", "\x00"):
        assert THIS.token_number("leave", token + more) is None
        assert THIS.token_number("leave", more + token) is None


def test_a_token_with_another_letter_counts_for_nothing() -> None:
    token = THIS.token("leave", 42)
    alphabet = string.ascii_lowercase + "234567"
    for place, letter in enumerate(token[:-1]):  # the last one holds one bit only; see the next test
        for other in alphabet.replace(letter, ""):
            assert THIS.token_number("leave", token[:place] + other + token[place + 1 :]) is None


@given(st.binary(min_size=22, max_size=22))
def test_a_token_is_spelled_as_base32_in_small_letters(data: bytes) -> None:
    assert spelled(data) == base64.b32encode(data).decode().rstrip("=").lower()


def test_no_spelling_of_a_token_names_another_row() -> None:
    token = THIS.token("leave", 42)
    for last in string.ascii_lowercase + "234567":
        assert THIS.token_number("leave", token[:-1] + last) in (42, None)


@given(st.text(max_size=60))
def test_any_text_for_a_token_is_a_no_and_never_an_error(text: str) -> None:
    assert THIS.token_number("leave", text) is None


def test_rows_beside_each_other_have_tokens_that_tell_nothing_of_it() -> None:
    found = [THIS.token("leave", number) for number in range(200)]
    assert len({token[:8] for token in found}) == len({token[-8:] for token in found}) == 200


def test_claims_are_found_in_every_living_year(ring: Keyring, folder: Path) -> None:
    ring.mint(2027)
    leave = {year: ring.year(year).token("leave", 42) for year in (2026, 2027)}
    assert tokens.claim(ring, "leave", leave[2027]) == LeaveClaim(year=2027, subscription_id=42)
    assert tokens.claim(ring, "bounce", leave[2027]) is None
    assert tokens.claim(ring, "bounce", ring.year(2026).token("bounce", 7)) == LeaveClaim(year=2026, subscription_id=7)
    letter = tokens.claim(ring, "bounce", ring.year(2026).token("letter", 7))
    assert letter == LeaveClaim(year=2026, subscription_id=tokens.NOBODY, letter=7)
    assert tokens.claim(ring, "leave", ring.year(2026).token("letter", 7)) is None
    (folder / "2026.key").unlink()
    assert tokens.claim(ring, "leave", leave[2026]) is None


# --- files --------------------------------------------------------------------------------------


def test_keys_are_for_their_owner_only(folder: Path, ring: Keyring) -> None:
    before = os.umask(0)
    try:
        ring.mint(2027)
        create_keys(folder.parent / "others", folder.parent / "kek" / "kek", 2026)
    finally:
        os.umask(before)
    made = [*folder.iterdir(), *(folder.parent / "others").iterdir(), folder.parent / "kek" / "kek"]
    assert {file.stat().st_mode & 0o777 for file in made} == {0o600}
    folders = (folder, folder.parent / "others", folder.parent / "kek")
    assert {each.stat().st_mode & 0o777 for each in folders} == {0o700}
    assert sorted(file.name for file in folder.iterdir()) == ["2026.key", "2027.key", "kek", "root.key"]


def test_the_same_keys_are_read_again(folder: Path, ring: Keyring) -> None:
    again = Keyring(folder, f"file:{folder}/kek")
    assert again.year(2026).open(HERE, ring.year(2026).seal(HERE, b"plain")) == b"plain"
    assert again.own("replay", b"x") == ring.own("replay", b"x") != ring.own("handled", b"x")
    assert again.years() == (2026,)


def test_a_key_is_never_overwritten(folder: Path, ring: Keyring) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(FileExistsError):
        ring.mint(2026)
    with pytest.raises(FileExistsError):
        create_keys(folder, folder / "kek", 2026)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def loosen(file: Path) -> None:
    file.chmod(0o640)


def link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize("name", ["2026.key", "kek"])
@pytest.mark.parametrize(
    ("harm", "remedy"),
    [
        (loosen, r"others may read this key; run `chmod 600 .*{name}`"),
        (link, r"{name}: cannot be read .* it must be a plain file of this user"),
        (replace_by_folder, r"{name}: cannot be read; it must be a plain file of this user"),
        (replace_by_pipe, r"{name}: cannot be read; it must be a plain file of this user"),
        (Path.unlink, r"{name}: no such key; put it back from your safe"),
    ],
    ids=["readable by the group", "a link", "a folder", "a pipe", "gone"],
)
def test_an_unsafe_key_file_is_refused_with_the_remedy(
    folder: Path, ring: Keyring, name: str, harm: Callable[[Path], None], remedy: str
) -> None:
    harm(folder / name)
    with pytest.raises(KeyTrouble, match=remedy.format(name=name)):
        ring.year(2026)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["2026.key", "kek"])
def test_a_key_file_of_somebody_else_is_refused_with_the_remedy(folder: Path, ring: Keyring, name: str) -> None:
    os.chown(folder / name, 12345, -1)
    with pytest.raises(KeyTrouble, match=rf"{name}: belongs to another user; run `chown 0 "):
        ring.year(2026)


@pytest.mark.parametrize("mode", [0o604, 0o660, 0o610, 0o601])
def test_every_bit_for_others_is_too_much(tmp_path: Path, mode: int) -> None:
    write_private(tmp_path / "key", b"content")
    assert read_private(tmp_path / "key") == b"content"
    (tmp_path / "key").chmod(mode)
    with pytest.raises(KeyTrouble, match="others may read"):
        read_private(tmp_path / "key")


def another_kek(file: Path) -> None:
    (file.parent / "kek").write_bytes(base64.b64encode(bytes(32)))


@pytest.mark.parametrize(
    "harm",
    [
        another_kek,
        lambda file: file.write_text("not json"),
        lambda file: file.write_text("[]"),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text("{}"),
        lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), "wrapped": "AAAA"})),
        lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), "wrapped": None})),
        lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), "id": "no hexadecimal"})),
    ],
    ids=["another KEK", "no JSON", "a list", "no text", "nothing in it", "cut", "null", "a wrong id"],
)
def test_a_key_that_does_not_open_is_named(folder: Path, ring: Keyring, harm: Callable[[Path], object]) -> None:
    harm(folder / "2026.key")
    with pytest.raises(KeyTrouble, match=r"2026\.key: the KEK does not open this key; put back the KEK"):
        ring.year(2026)


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(31)).decode(), "!" * 44, "あ" * 20])
def test_what_is_no_kek_is_refused_with_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "kek").write_text(text)
    with pytest.raises(KeyTrouble, match="kek: the KEK must be 32 octets in base64; put back the one"):
        read_kek(f"file:{folder}/kek")
    monkeypatch.setenv("MIMAMORI_KEK", text)
    with pytest.raises(KeyTrouble, match=r"\$MIMAMORI_KEK: the KEK must be 32 octets"):
        read_kek("env:MIMAMORI_KEK")


def test_the_kek_comes_from_a_file_a_credential_or_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_kek(f"file:{folder}/kek")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    monkeypatch.setenv("MIMAMORI_KEK", (folder / "kek").read_text())
    assert read_kek("credential:kek") == read_kek("env:MIMAMORI_KEK") == expected
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(KeyTrouble, match="kek: no such key"):
        read_kek("credential:kek")


# --- nothing secret is shown --------------------------------------------------------------------


def test_no_key_is_shown(folder: Path, ring: Keyring) -> None:
    key = ring.year(2026)
    held = ring.secrets("2026")
    kek = read_kek(f"file:{folder}/kek")
    assert isinstance(kek, OctetsKek)
    assert "master" not in repr(held)
    secrets = [*key._index.values(), *held.masters.values(), held.lasting, kek.octets]
    for thing in (ring, key, held, kek, ring.read("2026"), f"{ring}{key!s}{key!r}", [ring], {"key": key}):
        shown = f"{thing!r}{thing!s}"
        for secret in secrets:
            assert secret.hex() not in shown
            assert repr(secret)[2:-1] not in shown
            assert base64.b64encode(secret).decode() not in shown
    assert repr(ring) == str(ring) == "<sealed>"


def test_no_key_is_told_in_an_error(folder: Path, ring: Keyring) -> None:
    record = json.loads((folder / "2026.key").read_text())
    another_kek(folder / "2026.key")
    with pytest.raises(KeyTrouble) as caught:
        ring.year(2026)
    told = f"{caught.value}{caught.value!r}{caught.value.__cause__}"
    assert record["wrapped"] not in told
    assert caught.value.__suppress_context__


def test_a_key_whose_file_is_gone_is_let_go_of(ring: Keyring, folder: Path) -> None:
    ring.mint(2027)
    used = [ring.year(2026), ring.year(2027)]
    (folder / "2026.key").unlink()
    ring.forget_gone()
    held = [each for _, each in ring._years.values()]
    assert any(each is used[1] for each in held)
    assert not any(each is used[0] for each in held)
