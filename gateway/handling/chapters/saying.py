"""How a report writes days, times and numbers."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from gateway.handling.document import Table, Words, number
from gateway.handling.period import Period

NONE = "－"
EMPTY = Words("該当はありません", "none")
Cell = str | int | Words


def a_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def a_period(period: Period) -> str:
    return f"{a_day(period.first)} 〜 {a_day(period.last)} ({period.first} – {period.last})"


def a_moment(at: datetime | None, period: Period) -> str:
    """The moment in the town's time."""
    return f"{at.astimezone(period.calendar.timezone):%Y-%m-%d %H:%M:%S %Z}" if at is not None else NONE


def a_month(month: str) -> str:
    year, _, number_ = month.partition("-")
    return f"{year}年{int(number_)}月"


def people(count: int) -> str:
    return f"{number(count)} 人"


def table(
    shape: str,
    columns: Iterable[tuple[str, str, float]],
    rows: Iterable[Sequence[Cell]],
    total: Sequence[Cell] | None = None,
    empty: Words = EMPTY,
) -> Table:
    """A table of columns, each given by its Japanese and English heading and its share of the line."""
    columns = list(columns)
    return Table(
        headings=tuple(Words(ja, en) for ja, en, _ in columns),
        widths=tuple(share for _, _, share in columns),
        shape=shape,
        rows=tuple(_cells(row) for row in rows),
        total=_cells(total) if total is not None else None,
        empty=empty,
    )


def _cells(row: Sequence[Cell]) -> tuple[str | Words, ...]:
    return tuple(number(cell) if isinstance(cell, int) else cell for cell in row)
