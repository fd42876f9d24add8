"""Checkpoints as text (C2SP tlog-checkpoint; protocol 8.3)."""

from datetime import UTC, datetime

import pytest

from gateway.audit.checkpoint import Checkpoint, opened
from gateway.audit.note import NoteError, SigningKey, new_key, sign_note
from storage.merkle import EMPTY

AT = datetime(2026, 6, 1, 9, 0, 0, 123456, tzinfo=UTC)
OURS = Checkpoint(origin="mimamori.example.jp/audit", size=42, root=EMPTY, number=3, at=AT)
KEY = SigningKey.load(new_key(), OURS.origin)
TEXT = """\
mimamori.example.jp/audit
42
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
number 3
time 2026-06-01T09:00:00.123456+00:00
"""


def test_a_checkpoint_is_origin_size_root_and_two_lines_of_ours() -> None:
    assert str(OURS) == TEXT
    assert Checkpoint.parse(TEXT) == OURS
    assert opened(sign_note(TEXT, KEY), [KEY.verifier]) == OURS


def test_a_checkpoint_of_another_program_has_other_lines_or_none() -> None:
    bare = "".join(TEXT.splitlines(keepends=True)[:3])
    theirs = Checkpoint(origin=OURS.origin, size=42, root=EMPTY)
    assert Checkpoint.parse(bare) == theirs
    assert Checkpoint.parse(f"{bare}something else\n") == theirs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT.removesuffix("\n"),
        TEXT.replace("42", "042"),
        TEXT.replace("42", "-42"),
        TEXT.replace("42", "4 2"),
        TEXT.replace("42", "９"),
        TEXT.replace("42", "9" * 20),
        TEXT.replace("47DE", "47D"),
        TEXT.replace("47DE", ""),
        TEXT.replace("uFU=", "uFV="),
        TEXT.replace("mimamori.example.jp/audit", ""),
        TEXT + "\n",
        "\n".join(TEXT.split("\n")[:2]) + "\n",
        TEXT.replace("2026-06-01T09", "someday"),
    ],
)
def test_what_is_no_checkpoint_is_refused_although_it_is_signed(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_certificate_or_another_log_signed_by_the_same_key_is_no_checkpoint_of_this_log() -> None:
    for text in ("mimamori certificate\nyear 2026\nrows 1,234\n", TEXT.replace("example.jp", "example.com")):
        with pytest.raises(NoteError):
            opened(sign_note(text, KEY), [KEY.verifier])
