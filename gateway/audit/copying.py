"""Brings each copy of the log up to what is committed. Where it stands is kept, and no entry is left out.

A copy may lag; mail never waits for it (protocol 8.3).
"""

import socket
import threading
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection

from gateway.audit.jsonl import JsonLines
from gateway.audit.lines import line_of
from gateway.audit.sockets import Journal, Syslog
from gateway.config_mirrors import Mirror
from gateway.settings import AuditSettings
from storage import audit, audit_walk, checkpoints
from storage.store import Store, Transaction

AT_ONCE = 1_000
MEGABYTE = 1_000_000

Numbered = tuple[int, str]


class Copy(Protocol):
    """Takes the entries with their numbers. Raises OSError where it did not take all."""

    def write(self, numbered: Sequence[Numbered]) -> None: ...


class Copying:
    """One copy of all entries."""

    def __init__(self, store: Store, mirror: Mirror, settings: AuditSettings) -> None:
        self.kind = mirror.kind
        self._store = store
        self._copy = copy_of(mirror, settings)
        self._named = here(store, mirror)
        self._seq: int | None = None  # the last entry that is in it for certain
        self._busy = threading.Lock()  # a round that is called off goes on in its thread

    def catch_up(self, now: datetime) -> int:
        """Copies what is new; how many entries that were. Raises OSError where the copy cannot be written."""
        with self._busy:
            try:
                return self._catch_up(now)
            except OSError:
                self._seq = None
                raise

    def _catch_up(self, now: datetime) -> int:
        done = 0
        while lines := self._store.read(now, self._new):
            self._copy.write(lines)
            self._seq = lines[-1][0]
            self._store.write(now, self._advance).result()
            done += len(lines)
        return done

    def _new(self, transaction: Transaction) -> list[Numbered]:
        if self._seq is None:
            self._seq = self._found(transaction)
        rows = islice(audit_walk.rows(transaction.connection, self._seq), AT_ONCE)
        return [(row.seq, line_of(row.seq, row.entry, row.chain)) for row in rows]

    def _found(self, transaction: Transaction) -> int:
        """Where the copy goes on after a start, or after trouble."""
        kept = checkpoints.progress(transaction.connection, key_of(transaction, self._named)).seq
        least = min(kept, audit.last_number(transaction.connection))  # a restored register has less than was copied
        return _after(transaction.connection, self._copy, least) if isinstance(self._copy, JsonLines) else least

    def _advance(self, transaction: Transaction) -> None:
        assert self._seq is not None
        checkpoints.advance(transaction.connection, key_of(transaction, self._named), self._seq, transaction.now)


def copy_of(mirror: Mirror, settings: AuditSettings) -> Copy:
    assert mirror.path is not None  # as config_mirrors reads those of entries
    match mirror.kind:
        case "syslog":
            return Syslog(mirror.path)
        case "journald":
            return Journal(mirror.path)
        case _:
            return JsonLines(mirror.path, settings.mirror_megabytes * MEGABYTE, settings.mirror_files)


def here(store: Store, mirror: Mirror) -> bytes:
    """The name of a destination as this machine sees it: each node on one database writes its own files."""
    if store.database.exclusive or mirror.kind == "mail":
        return mirror.named
    return f"{socket.gethostname()}|".encode() + mirror.named


def key_of(transaction: Transaction, named: bytes) -> bytes:
    return transaction.keyring.own("audit mirror", named)


def _after(connection: Connection, copy: JsonLines, kept: int) -> int:
    """Where the file goes on: it may be ahead of what was recorded, or belong to a log that was taken back."""
    if (last := copy.last()) is None:
        return kept
    seq, line = last
    row = next(audit_walk.rows(connection, seq - 1), None)
    if row is not None and row.seq == seq and line_of(seq, row.entry, row.chain) == line:
        return seq
    if copy.path.exists():
        copy.put_aside(max(seq, 0))
    return kept
