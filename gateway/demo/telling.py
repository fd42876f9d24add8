"""How the tour is told: Japanese first, English beside it; colours on a terminal only. It knows no mail."""

import sys
import time

from rich.console import Console
from rich.text import Text

from gateway.demo.stage import NotHeldError

EXCERPT = 7  # lines of a letter


class Teller:
    """Prints the story, and keeps count of its steps."""

    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal that knows no Japanese still gets the tour
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._started = time.monotonic()
        self._number = 0
        self.step = "(開始 / start)"

    def opening(self, japanese: str, english: str) -> None:
        self._line(f"{japanese}\n{english}", "bold")

    def begin(self, japanese: str, english: str) -> None:
        """A new step."""
        self._number += 1
        self.step = f"{self._number} {japanese} / {english}"
        self._line(f"\n【{self._number}】{japanese} / {english}", "bold cyan")

    def sent(self, sender: str, to: str, lines: str = "") -> None:
        self._line(f"   {sender} → {_short(to)}", "bold")
        self._quoted(lines.splitlines())

    def answered(self, reply: str) -> None:
        self._line(f"     ← {reply}", "green" if reply.startswith("2") else "yellow")

    def received(self, to: str, subject: str, text: str, lines: int = EXCERPT) -> None:
        """A letter or copy, and its first lines."""
        self._line(f"   ✉ {to}:「{subject}」", "bold")
        body = [line for line in text.partition("――")[0].splitlines() if line.strip()]
        self._quoted([*body[:lines], *(["…"] if len(body) > lines else [])])

    def told(self, line: str) -> None:
        self._line(f"   {line}", "")

    def held(self, holds: bool, japanese: str, english: str) -> None:
        """✓, or ✗ and the end of the story."""
        self._line(f"   {'✓' if holds else '✗'} {japanese} / {english}", "bold green" if holds else "bold red")
        if not holds:
            raise NotHeldError(english)

    def done(self) -> int:
        seconds = time.monotonic() - self._started
        self._line(f"\n✓ すべて確かめました（{seconds:.1f}秒）。何も残っていません。", "bold green")
        self._line(f"✓ Every step held ({seconds:.1f} s). Nothing is left behind.", "bold green")
        return 0

    def failed(self, why: str) -> int:
        self._line(f"\n✗ ここで止まりました / stopped at step {self.step}", "bold red")
        self._line(f"  {why}", "red")
        return 1

    def _quoted(self, lines: list[str]) -> None:
        for line in lines:
            self._line(f"     │ {line}", "dim")

    def _line(self, text: str, style: str) -> None:
        self._console.print(Text(text, style=style))


def _short(address: str) -> str:
    """An address whose token is cut, as nobody reads 26 random letters."""
    local, at, domain = address.partition("@")
    command, plus, token = local.partition("+")
    return f"{command}{plus}{token[:4]}…{at}{domain}" if len(token) > 12 else address
