"""The whole log in one file that can be verified without the register (protocol 8.3).

Its first line says what it holds; then come the entries, each checkpoint after the entry that it was made at.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.audit.lines import CHECKPOINT, HEAD, line_of
from gateway.audit.verifying import WHAT, Tell, head_of
from storage import audit, audit_walk, checkpoints
from storage.audit import canonical
from storage.store import Transaction

MODE = 0o600


def write(transaction: Transaction, file: Path, tell: Tell) -> int:
    """Writes a new file and returns how many entries it has. Raises OSError, FileExistsError too."""
    size = audit.end(transaction.connection).size
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="\n") as stream:
        for done, line in lines(transaction):
            stream.write(f"{line}\n")
            if done and (done % audit.BATCH == 0 or done == size > audit.BATCH):
                tell(done, size, WHAT)
        stream.flush()
        os.fsync(stream.fileno())
    return size


def lines(transaction: Transaction) -> Iterator[tuple[int, str]]:
    """Every line, with the number of entries up to there."""
    connection = transaction.connection
    end = audit.end(connection)
    kept = checkpoints.everything(connection)
    yield 0, canonical({HEAD: head_of(end.size, end.frontier.root(), len(kept))})
    at = 0
    for row in audit_walk.rows(connection):
        while at < len(kept) and kept[at].size < row.seq:
            yield row.seq - 1, canonical({CHECKPOINT: kept[at].note})
            at += 1
        yield row.seq, line_of(row.seq, row.entry, row.chain)
    for each in kept[at:]:
        yield end.size, canonical({CHECKPOINT: each.note})
