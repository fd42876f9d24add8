"""The three files: an independent reader finds the same mail in each, on an A4 page that needs nobody's fonts."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from gateway import cli, example
from gateway.config import load
from gateway.poster.invitation import invite
from gateway.poster.layout import lay_out
from gateway.poster.pdf import pdf
from gateway.poster.png import png
from gateway.poster.sheet import Sheet
from gateway.poster.svg import svg
from handlers.town import Language, Town

MADE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
A4_POINTS = (595.28, 841.89)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("town")
    (folder / "terms.ja.txt").write_text("版: 2026-04-01\n規約", encoding="utf-8")
    (folder / "config.toml").write_text(example.render(), encoding="utf-8")
    return folder / "config.toml"


@pytest.fixture(scope="module")
def town(settings: Path) -> Town:
    return load(settings).town


def sheet(town: Town, place: int | None = 0, language: Language = "ja") -> Sheet:
    return lay_out(town, invitation(town, place, language), language, MADE)


def invitation(town: Town, place: int | None = 0, language: Language = "ja"):  # type: ignore[no-untyped-def]
    return invite(town, town.districts[place] if place is not None else None, language)


@cache
def from_svg(octets: bytes, dots: int = 150) -> Image.Image:
    drawn = resvg_py.svg_to_bytes(svg_string=octets.decode(), dpi=float(dots), skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(drawn))).convert("RGB")


def from_pdf(octets: bytes, dots: int = 150) -> Image.Image:
    document = pypdfium2.PdfDocument(octets)
    picture: Image.Image = document[0].render(scale=dots / 72).to_pil().convert("RGB")
    document.close()
    return picture


def read(picture: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert code.ec_level in ("M", "Q", "H")
    return str(code.text)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("place", [0, None])
def test_the_code_of_each_format_is_exactly_the_mail(town: Town, place: int | None, language: Language) -> None:
    expected = invitation(town, place, language).uri
    drawn = sheet(town, place, language)
    assert read(Image.open(io.BytesIO(png(drawn)))) == expected
    assert read(from_pdf(pdf(drawn))) == expected
    assert read(from_svg(svg(drawn))) == expected


def test_the_code_of_every_example_district_can_be_read(town: Town) -> None:
    assert town.districts
    for place in range(len(town.districts)):
        assert read(from_svg(svg(sheet(town, place)))) == invitation(town, place).uri


def test_a_bad_photograph_can_be_read(town: Town) -> None:
    small = from_pdf(pdf(sheet(town)), dots=90).rotate(7, fillcolor="white").convert("L")
    assert read(small.convert("RGB")) == invitation(town).uri


def test_the_pdf_is_one_page_of_a4_with_its_fonts_and_its_text(town: Town) -> None:
    octets = pdf(sheet(town))
    document = pypdfium2.PdfDocument(octets)
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx(A4_POINTS, abs=0.1)
    text = document[0].get_textpage().get_text_range()
    for words in ("富雄", "subscribe+tomio@mimamori.example.jp", "届いたメールに返信する"):
        assert words in text
    assert document.get_metadata_dict()["Title"] == "子どもの安全 見守りメール 富雄"
    document.close()
    fonts = set(re.findall(rb"/BaseFont /([^\s/]+)", octets))
    assert fonts
    assert all(b"NotoSansCJK" in font and b"+" in font for font in fonts)  # ABCDEF+: a subset, embedded
    assert octets.count(b"/FontFile") >= 2
    assert len(octets) < 200_000


def test_the_png_is_a4_at_300_dots_an_inch(town: Town) -> None:
    picture = Image.open(io.BytesIO(png(sheet(town))))
    assert picture.size == (2480, 3508)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert picture.getpixel((5, 5)) == (255, 255, 255)


def test_the_svg_is_a4_and_needs_neither_fonts_nor_other_files(town: Town) -> None:
    octets = svg(sheet(town))
    root = ElementTree.fromstring(octets)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("210mm", "297mm", "0 0 210 297")
    assert {element.tag for element in root.iter()} == {SVG + name for name in ("svg", "title", "rect", "path")}
    assert b"href" not in octets
    assert b"font" not in octets
    assert "富雄" in [element.get("aria-label") for element in root.iter()]


def test_the_svg_looks_like_the_pdf(town: Town) -> None:
    drawn = sheet(town)
    one = from_svg(svg(drawn)).convert("L").resize((105, 148), Image.Resampling.BOX)
    other = from_pdf(pdf(drawn)).convert("L").resize((105, 148), Image.Resampling.BOX)
    differences = [abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True)]
    assert max(differences) < 40
    assert sum(differences) / len(differences) < 1.5


def poster(settings: Path, *words: str) -> int:
    return cli.main(["--config", str(settings), "poster", *words])


@pytest.mark.parametrize(("name", "magic"), [("p.svg", b"<?xml"), ("p.PNG", b"\x89PNG"), ("p.pdf", b"%PDF-")])
def test_the_suffix_of_the_file_says_the_format(settings: Path, tmp_path: Path, name: str, magic: bytes) -> None:
    (tmp_path / name).write_text("an older sheet")
    assert poster(settings, "とみお", "-o", str(tmp_path / name)) == 0
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_a_word_for_all_makes_a_sheet_without_a_district(settings: Path, tmp_path: Path) -> None:
    assert poster(settings, "全域", "-o", str(tmp_path / "p.svg"), "--language", "en") == 0
    uri = read(from_svg((tmp_path / "p.svg").read_bytes()))
    assert uri == "mailto:subscribe@mimamori.example.jp?subject=Register%20for%20Mimamori%20Mail"


@pytest.mark.parametrize("name", ["p.jpg", "p", "p.svg.gz"])
def test_an_unknown_suffix_is_misuse(
    settings: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert poster(settings, "tomio", "-o", str(tmp_path / name)) == 2
    assert ".svg, .png, .pdf" in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_an_unknown_district_gets_the_three_nearest(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert poster(settings, "伏身", "-o", str(tmp_path / "p.svg")) == 1
    error = capsys.readouterr().err
    assert "伏見 (fushimi)" in error
    assert error.count("(") == 3
    assert not (tmp_path / "p.svg").exists()


def test_two_districts_are_misuse(settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert poster(settings, "富雄 伏見", "-o", str(tmp_path / "p.svg")) == 2
    assert "one district a poster" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert poster(settings, "tomio", "-o", str(tmp_path / "none" / "p.svg")) == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_a_name_that_the_font_does_not_have_is_said(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = settings.read_text(encoding="utf-8").replace('name = "富雄"', 'name = "富雄\U0001f600"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    (tmp_path / "terms.ja.txt").write_text("版: 1\n規約", encoding="utf-8")
    assert poster(tmp_path / "config.toml", "tomio", "-o", str(tmp_path / "p.svg")) == 1
    assert "U+1F600" in capsys.readouterr().err


def test_a_missing_package_is_said_with_the_remedy(settings: Path, tmp_path: Path) -> None:
    words = ["--config", str(settings), "poster", "tomio", "-o", str(tmp_path / "p.svg")]
    program = f"import sys; sys.modules['segno'] = None; from gateway.cli import main; sys.exit(main({words!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "mimamori: this needs the package segno; install the extra mimamori[poster]\n"
