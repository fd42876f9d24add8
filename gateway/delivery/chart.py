"""A delivery as a sheet to file or to print: what, when, to how many, the copies over time, and the bars.

It is drawn with the poster's marks, so that the same sheet becomes SVG, PNG or PDF. Lengths are millimetres.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from gateway.delivery.facts import Bar, Facts, said
from gateway.delivery.picture import duration, levels
from gateway.poster.sheet import Mark, Sheet
from gateway.typography.marks import WIDTH, Panel, Text
from gateway.typography.typeface import Weight, typeface
from handlers.town import Town

MARGIN = 18.0
INNER = WIDTH - 2 * MARGIN
INK, GREY, PALE, DEED, LATE = "#1b242d", "#4d5b68", "#e4ebf1", "#1f6f8b", "#c9d4dd"
CHART = (MARGIN + 14.0, 84.0, INNER - 14.0, 62.0)  # left, top, width, height
COLUMNS = 200
ROW = 7.0
MOST_BARS = 9  # of a kind; the rest is in --json
Align = Literal["left", "right", "centre"]


def lay_out(facts: Facts, town: Town, now: datetime) -> Sheet:
    """The whole sheet. Raises UnprintableError."""
    return Sheet(
        title=f"配信の記録 {facts.alert.name}",
        author=town.organisation,
        language="ja",
        made_at=now,
        marks=(*_head(facts, town), *_curve(facts, town), *_bars(facts), *_foot(town, now)),
    )


def _head(facts: Facts, town: Town) -> Iterator[Mark]:
    alert = facts.alert
    category = next((each.name for each in town.categories if each.code == alert.category), alert.category)
    yield _text(MARGIN, 26, f"配信の記録　{alert.name}", 7.5, INK, "bold")
    yield _text(MARGIN, 33, f"Delivery record — {town.organisation}", 3.6, GREY)
    places = "、".join(bar.name for bar in facts.districts) or "、".join(alert.districts)
    yield _text(MARGIN, 43, f"{category}　{places}", 4.4, INK, most=INNER)
    for column, (label, value) in enumerate(_totals(facts)):
        left = MARGIN + column * INNER / 5
        yield _text(left, 54, label, 3.2, GREY)
        yield _text(left, 62, value, 5.6, INK, "bold", most=INNER / 5 - 2)
    yield _text(MARGIN, 74, "配信数の推移 / copies over time", 4.0, INK, "bold")


def _totals(facts: Facts) -> tuple[tuple[str, str], ...]:
    return (
        ("宛先 / matched", f"{facts.alert.matched:,}"),
        ("配信済 / relayed", f"{facts.alert.relayed:,}"),
        ("失敗 / failed", f"{facts.alert.failed:,}"),
        ("半数まで / half", duration(facts.seconds_to(50))),
        ("すべて / all", duration(facts.seconds_to(100))),
    )


def _curve(facts: Facts, town: Town) -> Iterator[Mark]:
    left, top, width, height = CHART
    most = max(facts.alert.matched, facts.curve[-1][1] if facts.curve else 0, 1)
    for quarter in range(5):
        y = top + height * quarter / 4
        yield Panel(x=left, y=y - 0.1, width=width, height=0.2, colour=LATE)
        yield _text(left - 2, y + 1.1, f"{most * (4 - quarter) / 4:,.0f}", 3.0, GREY, align="right")
    end = max(facts.curve[-1][0] if facts.curve else facts.until, facts.began_at)
    for column, copies in enumerate(levels(facts.curve, facts.began_at, end, COLUMNS)):
        tall = height * copies / most
        yield Panel(x=left + column * width / COLUMNS, y=top + height - tall, width=width / COLUMNS + 0.05,
                    height=tall, colour=DEED)  # fmt: skip
    for share in range(5):
        at = facts.began_at + (end - facts.began_at) * share / 4
        align: Align = "left" if share == 0 else "right" if share == 4 else "centre"
        local = at.astimezone(town.calendar.timezone)
        yield _text(left + width * share / 4, top + height + 5, f"{local:%H:%M:%S}", 3.0, GREY, align=align)


def _bars(facts: Facts) -> Iterator[Mark]:
    top = CHART[1] + CHART[3] + 17
    groups = (("地区ごと / by district", facts.districts), ("宛先ドメインごと / by destination domain", facts.domains))
    for title, bars in groups:
        if not bars:
            continue
        yield _text(MARGIN, top, title, 4.0, INK, "bold")
        for number, bar in enumerate(bars[:MOST_BARS]):
            yield from _bar(bar, top + 3 + number * ROW)
        top += 3 + min(len(bars), MOST_BARS) * ROW + 8


def _bar(bar: Bar, top: float) -> Iterator[Mark]:
    left, width = MARGIN + 48, INNER - 48 - 38
    yield _text(MARGIN, top + 4, bar.name, 3.4, INK, most=46)
    yield Panel(x=left, y=top + 1, width=width, height=3.6, colour=PALE, radius=1)
    if bar.done:
        yield Panel(x=left, y=top + 1, width=max(2.0, width * bar.done), height=3.6, colour=DEED, radius=1)
    count = f"{said(bar.relayed)} / {said(bar.matched)}"
    yield _text(MARGIN + INNER, top + 4, count, 3.4, INK, align="right")


def _foot(town: Town, now: datetime) -> Iterator[Mark]:
    local = now.astimezone(town.calendar.timezone)
    yield _text(MARGIN, 284, f"{local:%Y-%m-%d %H:%M} 作成。地区とドメインの数は 5 ごとに丸めています", 2.9, GREY)
    yield _text(MARGIN, 288.5, "Counts of districts and domains are rounded down to fives.", 2.9, GREY)


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str,
    weight: Weight = "regular",
    *,
    align: Align = "left",
    most: float = INNER,
) -> Text:
    """One line; too long a one gets smaller instead."""
    face = typeface(weight)
    text = face.printable(text)
    size = min(size, size * most / max(face.width(text, size), 0.1))
    width = face.width(text, size)
    shift = {"left": 0.0, "centre": width / 2, "right": width}[align]
    return Text(x=x - shift, y=y, text=text, size=size, width=width, weight=weight, colour=colour)
