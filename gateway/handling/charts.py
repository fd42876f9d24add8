"""Bars by month as marks on a page: an axis with round numbers, a legend, and every bar's own number."""

from collections.abc import Iterator

from gateway.handling.document import Chart, number
from gateway.handling.lines import GREY, INK, INNER, MARGIN, NAVY, plain_lines
from gateway.typography.marks import Panel, Text

CHART_HEIGHT = 56.0
LEFT, HEAD, FOOT = 14.0, 10.0, 7.0  # of the axis' numbers, the legend, the months
COLOURS = (NAVY, "#d9822b")
STEPS = (1, 2, 5)
LINES = 4  # of the axis, about
MOST_MONTHS = 24  # whose names fit side by side


def bars(chart: Chart, top: float) -> Iterator[Text | Panel]:
    """The chart, with its upper edge there."""
    high = CHART_HEIGHT - HEAD - FOOT
    base, most = top + HEAD + high, max((value for series in chart.series for value in series.values), default=0)
    step = axis_step(most)
    ceiling = max(step * -(-most // step), step)
    yield from _legend(chart, top)
    for value in range(0, ceiling + 1, step):
        y = base - high * value / ceiling
        yield Panel(x=MARGIN + LEFT, y=y, width=INNER - LEFT, height=0.15, colour="#c3ccd4")
        label = plain_lines(number(value), LEFT - 2, 7, "regular", GREY)
        yield from label.placed(MARGIN + LEFT - 2 - label.width, y - label.height / 2)
    pitch = (INNER - LEFT) / len(chart.months)
    for place, month in enumerate(chart.months):
        x = MARGIN + LEFT + place * pitch
        yield from _month(chart, place, x, pitch, base, high / ceiling)
        if place % max(1, -(-len(chart.months) // MOST_MONTHS)) == 0:
            name = plain_lines(_short(month, place), pitch * 3, 7, "regular", INK)
            yield from name.placed(x + (pitch - name.width) / 2, base + 1)
    yield Panel(x=MARGIN + LEFT, y=base, width=INNER - LEFT, height=0.4, colour=INK)


def axis_step(most: int) -> int:
    """The distance of the axis' lines: 1, 2 or 5, with as many noughts as it takes."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * LINES >= most:
                return step * power
        power *= 10


def _legend(chart: Chart, top: float) -> Iterator[Text | Panel]:
    title = plain_lines(chart.title.ja, INNER, 9.5, "bold", INK)
    yield from title.placed(MARGIN, top)
    english = plain_lines(chart.title.en, INNER, 7.5, "regular", GREY)
    yield from english.placed(MARGIN + title.width + 3, top + 0.9)
    x = MARGIN + INNER
    for series, colour in reversed(list(zip(chart.series, COLOURS, strict=False))):
        name = plain_lines(str(series.name), INNER, 8, "regular", INK)
        x -= name.width
        yield from name.placed(x, top + 0.5)
        yield Panel(x=x - 4.5, y=top + 1.0, width=3, height=3, colour=colour)
        x -= 10


def _month(chart: Chart, place: int, x: float, pitch: float, base: float, scale: float) -> Iterator[Text | Panel]:
    wide = pitch * 0.72 / len(chart.series)
    for count, (series, colour) in enumerate(zip(chart.series, COLOURS, strict=False)):
        value, left = series.values[place], x + pitch * 0.14 + count * wide
        if not value:
            continue
        yield Panel(x=left, y=base - value * scale, width=wide * 0.92, height=value * scale, colour=colour)
        label = plain_lines(number(value), pitch, 6.5, "regular", INK)
        if label.width <= wide * 1.3:
            yield from label.placed(left + (wide * 0.92 - label.width) / 2, base - value * scale - label.height)


def _short(month: str, place: int) -> str:
    """4月; with the year at the first and in January."""
    year, _, number_ = month.partition("-")
    name = f"{int(number_)}月"
    return f"{year}/{int(number_)}" if place == 0 or number_ == "01" else name
