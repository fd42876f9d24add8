"""Lays a poster out: what stands where on the sheet, and how large. All lengths are millimetres, sizes points."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import segno

from gateway.poster.invitation import Invitation
from gateway.poster.sheet import Code, Mark, Sheet
from gateway.poster.words import WORDS, Words, yearly
from gateway.typography.marks import WIDTH, Panel, Text
from gateway.typography.typeface import ASCENT, typeface
from gateway.typography.typesetting import POINT, Style, fit
from handlers.town import Language, Town

MARGIN = 13.0
INNER = WIDTH - 2 * MARGIN
LINE = 0.6
NAVY, INK, GREY, PALE, WHITE = "#123a5c", "#1b242d", "#4d5b68", "#e9f0f6", "#ffffff"
QR_SIZE = 72.0  # with its quiet zone; the code itself is never under 5 cm
QUIET_ZONE = 4  # modules, ISO/IEC 18004
Align = Literal["left", "centre", "right"]
Vertical = Literal["top", "middle"]


def lay_out(town: Town, invitation: Invitation, language: Language, now: datetime) -> Sheet:
    """The whole sheet. Raises UnprintableError."""
    words = WORDS[language]
    name = invitation.district.name if invitation.district else words.everywhere
    return Sheet(
        title=f"{words.title} {name}",
        author=town.organisation,
        language=language,
        made_at=now,
        marks=(
            *_head(words, town),
            *_district(words, invitation, name),
            *_code(invitation),
            *_steps(words, invitation, town),
            *_address(words, invitation),
            *_terms(words, town),
            *_foot(words, town, now),
        ),
    )


def _head(words: Words, town: Town) -> Iterator[Mark]:
    yield Panel(x=MARGIN, y=13, width=INNER, height=33, colour=NAVY, radius=3)
    title, runner = Style(largest=36, weight="bold", leading=1.2), Style(largest=14, comfortable=9)
    yield from _set(words.title, (MARGIN + 6, 15, INNER - 12, 19), title, WHITE, "centre")
    yield from _set(town.organisation, (MARGIN + 6, 34, INNER - 12, 9), runner, WHITE, "centre")
    yield from _set(words.lead, (MARGIN + 5, 49, INNER - 10, 8), Style(largest=14), INK, "centre")


def _district(words: Words, invitation: Invitation, name: str) -> Iterator[Mark]:
    yield Panel(x=MARGIN, y=60, width=INNER, height=41, colour=PALE, radius=3)
    label = words.place.format(code=invitation.district.code) if invitation.district else words.place_everywhere
    yield from _set(label, (MARGIN + 6, 62.5, INNER - 12, 6), Style(largest=13, weight="bold"), NAVY, "centre")
    style = Style(largest=76, comfortable=40, weight="bold", leading=1.15)
    yield from _set(name, (MARGIN + 6, 69, INNER - 12, 30), style, INK, "centre")


def _code(invitation: Invitation) -> Iterator[Mark]:
    code = segno.make(invitation.uri, error="m", micro=False)
    modules = tuple(tuple(bool(module) for module in row) for row in code.matrix_iter(border=QUIET_ZONE))
    yield _frame(107, QR_SIZE + 2 * LINE, QR_SIZE + 2 * LINE)
    yield Code(x=MARGIN + LINE, y=107 + LINE, size=QR_SIZE, modules=modules)


def _steps(words: Words, invitation: Invitation, town: Town) -> Iterator[Mark]:
    steps = words.steps if invitation.district else words.steps_everywhere
    left, width, pitch = 105.0, WIDTH - MARGIN - 105.0, 24.0
    for number, (heading, text) in enumerate(steps):
        top = 107 + number * pitch
        yield Panel(x=91, y=top + 1, width=11, height=11, colour=NAVY, radius=2)
        numeral = Style(largest=19, weight="bold", leading=1.0)
        yield from _set(str(number + 1), (91, top + 1, 11, 11), numeral, WHITE, "centre")
        yield from _set(heading, (left, top, width, 10), Style(largest=20, weight="bold", leading=1.2), INK)
        text = text.format(hours=town.pending_hours)
        yield from _set(text, (left, top + 10.5, width, 12.5), Style(largest=12, comfortable=9), INK, vertical="top")


def _address(words: Words, invitation: Invitation) -> Iterator[Mark]:
    yield from _set(words.by_hand, (MARGIN, 184, INNER, 6), Style(largest=11.5), INK)
    yield _frame(191.5, INNER, 18)
    style = Style(largest=30, comfortable=17, weight="bold", leading=1.15)
    yield from _set(invitation.address, (MARGIN + 5, 192.5, INNER - 10, 16), style, INK, "centre")


def _terms(words: Words, town: Town) -> Iterator[Mark]:
    day = yearly(words, *town.calendar.year_ends)
    yield from _set(words.terms, (MARGIN, 215, INNER, 8), Style(largest=13.5, weight="bold"), NAVY)
    top, label = 223.5, 36.0
    plain = Style(largest=11.5, comfortable=9, leading=1.2)
    for name, text in words.promises:
        text = text.format(day=day, domain=town.domain)
        yield from _set(name, (MARGIN, top, label - 2, 8), Style(largest=11.5, weight="bold", leading=1.2), INK)
        yield from _set(text, (MARGIN + label, top, INNER - label, 8), plain, INK)
        top += 8.4
    yield from _set(words.whole_terms, (MARGIN, top, INNER, 7), Style(largest=10.5), GREY)


def _foot(words: Words, town: Town, now: datetime) -> Iterator[Mark]:
    yield Panel(x=MARGIN, y=267.5, width=INNER, height=0.5, colour=NAVY)
    contact = f"{words.contact}　{town.contact or town.organisation}"
    style = Style(largest=15, comfortable=10, weight="bold", leading=1.25)
    yield from _set(contact, (MARGIN, 269, INNER, 9.5), style, INK)
    version = words.version.format(version=town.terms.version)
    made = words.made.format(date=town.calendar.today(now))
    small = Style(largest=9.5, leading=1.2)
    yield from _set(version, (MARGIN, 279, INNER * 0.62, 5), small, GREY)
    yield from _set(made, (MARGIN + INNER * 0.64, 279, INNER * 0.36, 5), small, GREY, "right")


def _frame(top: float, width: float, height: float) -> Panel:
    """A frame that begins at the margin; its line lies inside."""
    return Panel(
        x=MARGIN + LINE / 2,
        y=top + LINE / 2,
        width=width - LINE,
        height=height - LINE,
        colour=NAVY,
        radius=2,
        line=LINE,
    )


def _set(
    text: str,
    area: tuple[float, float, float, float],
    style: Style,
    colour: str,
    align: Align = "left",
    vertical: Vertical = "middle",
) -> Iterator[Text]:
    """The text's lines inside the area: left, top, width, height."""
    left, top, width, height = area
    setting = fit(text, width, height, style)
    size = setting.size * POINT
    pitch = size * style.leading
    if vertical == "middle":
        top += (height - pitch * len(setting.lines)) / 2
    for number, line in enumerate(setting.lines):
        reach = typeface(style.weight).width(line, size)
        yield Text(
            x=left + {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * (width - reach),
            y=top + pitch * number + (pitch - size) / 2 + ASCENT * size,
            text=line,
            size=size,
            width=reach,
            weight=style.weight,
            colour=colour,
        )
