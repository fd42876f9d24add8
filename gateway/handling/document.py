"""A report as values: chapters of facts, tables, charts and notes, each in Japanese with English beside it.

The text and the PDF are two ways to show the same document. Nothing is counted and nothing is drawn here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said twice."""

    ja: str
    en: str

    def __str__(self) -> str:
        return f"{self.ja} / {self.en}" if self.en else self.ja


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names, and what is true of each."""

    rows: tuple[tuple[Words, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`shape` has a letter for each column: l for words, r for numbers; `widths` are shares of the line."""

    headings: tuple[Words, ...]
    shape: str
    widths: tuple[float, ...]
    rows: tuple[tuple[str | Words, ...], ...]
    total: tuple[str | Words, ...] | None
    empty: Words  # what is said where there are no rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One row of bars."""

    name: Words
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars by month; the table beside it has the same numbers."""

    title: Words
    months: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence or two."""

    text: Words


Block = Facts | Table | Chart | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter; its number is its place."""

    title: Words
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report."""

    title: Words
    organisation: str
    period: str
    made: str
    sections: tuple[Section, ...]


def number(value: int) -> str:
    return f"{value:,}"
