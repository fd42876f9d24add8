"""Where a mail ends and how large it is, whatever the chunks it comes in (RFC 5321 section 4.5.2)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.data_reader import IncomingMail, Progress, is_plain

PIECES = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"\r\n", b"\r\n."]), max_size=40).map(b"".join)


def read(chunks: list[bytes], *, octets: int = 1_000, line_octets: int = 100) -> tuple[Progress, bytes, bytes]:
    mail = IncomingMail(octets, line_octets)
    progress = Progress.MORE
    for chunk in chunks:
        if progress is Progress.MORE:
            progress = mail.feed(chunk)
        else:
            mail.rest += chunk
    return progress, mail.raw, mail.rest


def stuffed(raw: bytes) -> bytes:
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in raw.split(b"\r\n"))


@given(PIECES, st.integers(1, 7))
def test_any_mail_comes_out_as_it_was_before_stuffing_in_chunks_of_any_size(raw: bytes, size: int) -> None:
    raw += b"\r\n"
    wire = stuffed(raw) + b".\r\nNEXT"
    chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert read(chunks) == (Progress.COMPLETE, raw, b"NEXT")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1_000])
@pytest.mark.parametrize("line", [b"\r\n", b".\r\n", b"aaaaaaaa\r\n"])
def test_a_mail_of_exactly_the_largest_size_passes_and_one_octet_more_does_not(line: bytes, size: int) -> None:
    raw = line * 20
    wire = stuffed(raw) + b".\r\n"
    chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert read(chunks, octets=len(raw))[0] is Progress.COMPLETE
    assert read(chunks, octets=len(raw) - 1)[0] is Progress.TOO_LARGE


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"aa\r\n" * 30])
@pytest.mark.parametrize("character", [b"a", b"."])
def test_a_line_of_exactly_the_longest_size_passes_and_one_octet_more_does_not(
    character: bytes, before: bytes, size: int
) -> None:
    for length, expected in ((100, Progress.COMPLETE), (101, Progress.LINE_TOO_LONG)):
        wire = before + stuffed(character * length) + b"\r\n.\r\n"
        chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
        assert read(chunks)[0] is expected


def test_an_empty_mail_is_a_mail() -> None:
    assert read([b".", b"\r", b"\nQUIT"]) == (Progress.COMPLETE, b"", b"QUIT")


@pytest.mark.parametrize("line", [b"\r\n", b"..\r\n", b"a" * 7_990 + b"\r\n", b"\n" + b"a" * 7_999])
def test_a_mebibyte_of_any_lines_costs_a_fraction_of_a_second(line: bytes) -> None:
    wire = line * (1_048_576 // len(line))
    began = time.process_time()
    mail = IncomingMail(1_048_576, 8_000)
    for at in range(0, len(wire), 4_096):
        mail.feed(wire[at : at + 4_096])
    mail.feed(b"\r\n.\r\n")
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("raw", [b"a\rb\r\n", b"a\nb\r\n", b"a\r\r\n", b"a\n\r\n", b"\0\r\n", b"\r", b"\n"])
def test_a_bare_cr_a_bare_lf_or_a_nul_is_not_plain(raw: bytes) -> None:
    assert not is_plain(raw)
    assert is_plain(b"a\r\n\r\n\xff\r\n")
