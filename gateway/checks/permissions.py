"""Who may read a file (design: a key or a password lies in a file that is its owner's alone)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.checks.finding import Finding, failure

PRIVATE = 0o077  # nobody but the owner
NOT_FOR_ALL = 0o007  # a group of its own may read it, as certificates' keys often are kept


def exposed(check: str, path: Path, forbidden: int = PRIVATE) -> Iterator[Finding]:
    """A failure where the file or folder is open to those whom `forbidden` names, or is somebody else's."""
    try:
        facts = path.stat()
    except OSError as error:
        yield failure(
            check,
            f"{path} を読めません / cannot be read: {error.strerror}",
            "この利用者が読める場所に置く / put it where this user may read it",
        )
        return
    mode = stat.S_IMODE(facts.st_mode)
    if mode & forbidden:
        wanted = "700" if stat.S_ISDIR(facts.st_mode) else format(mode & 0o600 & ~forbidden, "o")
        yield failure(
            check,
            f"他の利用者も {path} を使えます(0{mode:o}) / others have access to it",
            f"chmod {wanted} {path}",
        )
    if os.geteuid() != 0 and facts.st_uid not in (os.geteuid(), 0):
        yield failure(
            check,
            f"{path} は別の利用者のものです / it belongs to another user",
            f"chown {os.geteuid()} {path}",
        )
