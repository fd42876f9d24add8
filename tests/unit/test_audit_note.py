"""Signed notes (protocol 8.3): what others sign we read, what we sign is theirs to read, and nothing else passes."""

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.note import NoteError, SigningKey, Verifier, new_key, read_key, sign_note, signers, verify_note
from storage.keyring import KeyTrouble

# The example in the documentation of the format's first implementation (golang.org/x/mod/sumdb/note).
PUBLISHED = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n\u2014 PeterNeumann {SIGNATURE}\n"


def key(name: str = "PeterNeumann", seed: bytes = SEED) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey.load(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), name)


KNOWN = Verifier.parse(PUBLISHED)
OTHER = key("example.jp/audit", bytes(32))


def test_a_key_is_published_as_others_publish_it() -> None:
    assert str(key().verifier) == str(KNOWN) == PUBLISHED
    assert KNOWN.id.hex() == "c74f20a3"


def test_a_note_of_others_is_read_and_ours_is_the_same_to_the_octet() -> None:
    assert verify_note(NOTE, [KNOWN]) == TEXT
    assert sign_note(TEXT, key()) == NOTE
    assert signers(NOTE) == ("PeterNeumann",)


def test_a_note_may_have_several_signatures_and_those_of_strangers_are_passed_over() -> None:
    both = NOTE + sign_note(TEXT, OTHER).rpartition("\n\n")[2]
    assert verify_note(both, [KNOWN]) == verify_note(both, [OTHER.verifier]) == TEXT
    assert signers(both) == ("PeterNeumann", "example.jp/audit")


def test_a_text_may_hold_empty_lines_and_what_looks_like_a_signature() -> None:
    text = f"one\n\n\u2014 PeterNeumann {SIGNATURE}\n\nthree\n"
    assert verify_note(sign_note(text, OTHER), [OTHER.verifier]) == text


def test_a_wrong_signature_of_a_known_key_spoils_the_note_also_beside_a_right_one() -> None:
    wrong = base64.b64encode(OTHER.verifier.id + bytes(64)).decode()
    with pytest.raises(NoteError, match="does not belong"):
        verify_note(f"{NOTE}\u2014 {OTHER.name} {wrong}\n", [KNOWN, OTHER.verifier])


def test_a_key_of_the_same_name_that_is_not_known_proves_nothing() -> None:
    with pytest.raises(NoteError, match="not signed by a key"):
        verify_note(sign_note(TEXT, key(seed=bytes(32))), [KNOWN])
    with pytest.raises(NoteError, match="not signed by a key"):
        verify_note(NOTE, [])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        f"{TEXT}\n",
        f"\n\n\u2014 PeterNeumann {SIGNATURE}\n",
        NOTE.removesuffix("\n"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\u2014", "-"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("\u2014 ", "\u2014  "),
        NOTE.replace(SIGNATURE, SIGNATURE.rstrip("=")),
        NOTE.replace(SIGNATURE, "xw=="),
        NOTE.replace("PeterNeumann", "Peter+Neumann"),
        NOTE + "\n",
        NOTE + "more\n",
        NOTE + f"\u2014 other {SIGNATURE[:4]}\n" * 100,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        verify_note(note, [KNOWN])


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_octet_of_a_note_can_be_changed(place: int, change: int) -> None:
    octets = bytearray(NOTE.encode())
    octets[place] ^= change
    with pytest.raises(NoteError):
        verify_note(octets.decode(errors="replace"), [KNOWN])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PUBLISHED.replace("c74f20a3", "c74f20a4"),
        PUBLISHED.replace("c74f20a3", "C74F20A3"),
        PUBLISHED.replace("PeterNeumann", "PeterNeuman"),
        PUBLISHED.replace("+ARpc", "+AhpC"),
        PUBLISHED[:-4],
        f"{PUBLISHED}=",
        PUBLISHED.removeprefix("PeterNeumann"),
    ],
)
def test_a_published_key_is_taken_whole_or_not_at_all(text: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(text)


@pytest.mark.parametrize("text", ["", "no line end", "a\rb\n", "a\x00\n"])
def test_only_whole_lines_are_signed(text: str) -> None:
    with pytest.raises(ValueError, match="whole lines"):
        sign_note(text, OTHER)


def test_a_name_with_a_blank_signs_nothing() -> None:
    with pytest.raises(ValueError, match="neither blanks"):
        sign_note(TEXT, key("two words"))


def test_a_key_does_not_print() -> None:
    assert SEED.hex() not in repr(key())
    assert "object" not in repr(key())


def test_a_fresh_key_lies_in_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "audit.key"
    file.write_bytes(new_key())
    file.chmod(0o600)
    mine = read_key(file, "mimamori.example.jp/audit")
    assert verify_note(sign_note(TEXT, mine), [mine.verifier]) == TEXT
    file.chmod(0o640)
    with pytest.raises(KeyTrouble, match="chmod 600"):
        read_key(file, "mimamori.example.jp/audit")


def test_what_is_no_key_is_named_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "audit.key"
    file.write_bytes(os.urandom(40))
    file.chmod(0o600)
    with pytest.raises(KeyTrouble, match="openssl genpkey -algorithm ed25519"):
        read_key(file, "mimamori.example.jp/audit")


def test_a_key_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(KeyTrouble, match=r"no audit key; put it back .* openssl genpkey"):
        read_key(tmp_path / "audit.key", "mimamori.example.jp/audit")
