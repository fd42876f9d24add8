"""Bars as a PNG: the median of each series, and every run as a tick on its bar."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, ROW, MARGIN = 1_000, 64, 24
INK, BAR, TICK, PAPER = (32, 32, 32), (90, 140, 190), (200, 80, 40), (255, 255, 255)


def draw(file: Path, title: str, series: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Writes the chart of these named series."""
    height = 2 * MARGIN + 32 + ROW * len(series)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=16)
    pen.text((MARGIN, MARGIN), title, fill=INK, font=font)
    top = max((max(values) for _, values in series if values), default=1.0) or 1.0
    room = WIDTH - 2 * MARGIN
    for number, (name, values) in enumerate(series):
        y = MARGIN + 32 + number * ROW
        median = statistics.median(values)
        pen.text((MARGIN, y), f"{name}: {median:,.1f}", fill=INK, font=font)
        pen.rectangle((MARGIN, y + 24, MARGIN + round(room * median / top), y + 46), fill=BAR)
        for value in values:
            x = MARGIN + round(room * value / top)
            pen.line((x, y + 22, x, y + 48), fill=TICK, width=2)
    image.save(file)
