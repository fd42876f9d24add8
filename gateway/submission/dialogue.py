"""AUTH PLAIN and AUTH LOGIN (RFC 4954, RFC 4616): from the command's argument to a name and a password.

The two are read and handed on; nothing of them is kept, shown or logged.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable

from handlers import replies
from handlers.replies import Reply

LONGEST = 1_024  # octets of one answer
MECHANISMS = ("PLAIN", "LOGIN")

Ask = Callable[[str], Awaitable[bytes | None]]  # sends a challenge, and gives the line that answers it


async def credentials(argument: str, ask: Ask) -> tuple[str, bytes] | Reply:
    """Name and password, or the reply to an AUTH that makes no sense."""
    mechanism, _, initial = argument.partition(" ")
    match mechanism.upper():
        case "PLAIN":
            return _plain(await _answer(initial.strip(), "", ask))
        case "LOGIN":
            name = await _answer(initial.strip(), "Username:", ask)
            password = await _answer("", "Password:", ask) if name is not None else None
            if name is None or password is None or not name.isascii():
                return replies.BAD_ARGUMENT
            return name.decode("ascii"), password
    return replies.BAD_PARAMETER


def _plain(answer: bytes | None) -> tuple[str, bytes] | Reply:
    """authorisation NUL name NUL password; nobody may act for somebody else."""
    parts = answer.split(b"\0") if answer is not None else []
    if len(parts) != 3 or not parts[1].isascii() or parts[0] not in (b"", parts[1]):
        return replies.BAD_ARGUMENT
    return parts[1].decode("ascii"), parts[2]


async def _answer(given: str, challenge: str, ask: Ask) -> bytes | None:
    """What was answered, decoded; None where it was cancelled or cannot be read."""
    line = given.encode("latin-1") if given else await ask(f"334 {base64.b64encode(challenge.encode()).decode()}")
    if line is None or len(line) > LONGEST:
        return None
    if line == b"=":  # RFC 4954, 4: an empty answer
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return None
