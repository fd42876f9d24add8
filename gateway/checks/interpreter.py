"""The Python that runs us: its age, and whether its email package has four fixes for forged header lines.

Each fix is tried out, not guessed from a version: distributions carry fixes into old versions.
"""

import email.policy
import email.utils
import inspect
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from email.errors import MessageError
from email.generator import BytesGenerator, Generator
from email.message import EmailMessage

from gateway.checks.finding import Finding, failure, ok, warning
from gateway.settings import Settings

NAME = "python"
OLDEST = (3, 11)
WIDTHS = range(60, 80)  # of an address that ends where a header is folded


class _TwoLines(str):
    """A header value that folds into a line of its own and somebody else's."""

    __slots__ = ()
    name = "X-One"

    def fold(self, *, policy: object) -> str:
        return "X-One: a\r\nX-Two: b\r\n"


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    yield judged(sys.version_info[:3], [name for name, fixed in FIXES.items() if not fixed()])


def judged(version: tuple[int, ...], missing: Sequence[str]) -> Finding:
    """What is said of a Python of this version that lacks these fixes."""
    shown = ".".join(map(str, version))
    if version < OLDEST:
        return failure(
            NAME, f"Python {shown} は古すぎます / too old", "Python 3.11 以降を入れる / install 3.11 or later"
        )
    if missing:
        return warning(
            NAME,
            f"Python {shown} の email に修正がありません / email lacks the fixes of {', '.join(missing)}",
            "修正済みの Python に更新し、.venv を作り直す / update Python, then make .venv anew",
        )
    return ok(NAME, f"Python {shown}: email の修正はそろっています / with all fixes of its email package")


def writes_only_whole_headers() -> bool:
    """CVE-2024-6923: as text, a header that would become two is refused."""
    return _refused(lambda message: Generator(io.StringIO(), policy=email.policy.default).flatten(message))


def writes_only_whole_octets() -> bool:
    """CVE-2026-1299: the same as octets."""
    return _refused(lambda message: BytesGenerator(io.BytesIO(), policy=email.policy.SMTP).flatten(message))


def parses_strictly() -> bool:
    """CVE-2023-27043: addresses can be read strictly, and are by default."""
    return "strict" in inspect.signature(email.utils.parseaddr).parameters


def keeps_separators() -> bool:
    """CVE-2025-1795: a comma between two addresses stays a comma where the header is folded."""
    return not any(b"=2C" in _addressed(width).as_bytes() for width in WIDTHS)


FIXES: dict[str, Callable[[], bool]] = {
    "CVE-2023-27043": parses_strictly,
    "CVE-2024-6923": writes_only_whole_headers,
    "CVE-2025-1795": keeps_separators,
    "CVE-2026-1299": writes_only_whole_octets,
}


def _refused(write: Callable[[EmailMessage], None]) -> bool:
    message = EmailMessage()
    message["X-One"] = _TwoLines("a")
    try:
        write(message)
    except MessageError:
        return True
    return False


def _addressed(width: int) -> EmailMessage:
    message = EmailMessage()
    message["To"] = f'{"x" * width}@town.example, "é b" <y@town.example>'
    return message
