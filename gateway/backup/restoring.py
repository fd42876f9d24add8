"""Puts a backup back: checked, mended where it lies apart, and only then made the register (protocol 8.6).

With SQLite all is done to the copy, which takes the register's place at one stroke. With PostgreSQL a marker keeps
the gateway from starting until the mending is committed.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from gateway.administration import door
from gateway.administration.client import served
from gateway.administration.office import Refused, Tell
from gateway.backup import archive, copying, leavers, making, marker
from gateway.backup.leavers import Since
from gateway.backup.manifest import DATABASES, Manifest
from gateway.settings import Settings
from handlers.report import EVENTS
from storage import escrow, mending, migrations, staff
from storage.engine import Database, open_database, reserved
from storage.keyring import Keyring
from storage.records import AuditEvent
from storage.store import Store, Transaction

ASIDE = ".replaced"  # what the register was before
PARTS = ("", "-wal", "-shm")
RESTORING = "復元しています / restoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done to the register so that nothing old happens again."""

    alerts: tuple[str, ...]  # stopped
    letters: int  # dropped
    years: dict[int, int]  # rows deleted, for want of a key
    removed: int  # people who had left since
    staff: tuple[str, ...]  # whose rights had changed since, and who have none now
    since: Since | None  # None: without a copy of the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A backup that was found whole."""

    folder: Path
    manifest: Manifest
    differing: tuple[str, ...]  # files of the configuration that are not as they are here

    @property
    def database(self) -> Path:
        return self.folder / DATABASES[self.manifest.engine]


def see_to_silence(settings: Settings) -> None:
    """Raises Refused where a gateway runs."""
    if served(settings):
        raise Refused("the gateway runs; stop it first (systemctl stop mimamori), then restore")


def workshop(settings: Settings) -> "tempfile.TemporaryDirectory[str]":
    """A folder on the register's own disk, for this user alone."""
    parent = settings.state_folder
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".restore-", dir=parent)


def unpack(settings: Settings, file: Path, folder: Path, tell: Tell) -> Unpacked:
    """Everything that can be wrong is found here, before anything is changed. Raises Refused."""
    told = archive.unpack(file, folder, tell)
    engine = make_url(settings.storage.url).get_backend_name()
    if told.engine != engine:
        raise Refused(
            f"the backup is of {told.engine}, and [storage] url names {engine}; restore it where it came from"
        )
    if told.domain != settings.gateway.domain:
        raise Refused(f"the backup is of {told.domain}, and this gateway is {settings.gateway.domain}")
    if not (folder / DATABASES[engine]).exists():
        raise Refused("there is no database in it; take another backup")
    known = {step.revision for step in ScriptDirectory(str(migrations.HERE)).walk_revisions()}
    if told.facts.schema not in known:
        raise Refused(f"the backup is of version {told.version}, which is newer than this one; install that one")
    here = making.files(settings)
    differing = [each.of for each in told.files if each.name in here and _differs(each.sha256, here[each.name])]
    return Unpacked(folder=folder, manifest=told, differing=tuple(differing))


def _differs(sha256: str, file: Path) -> bool:
    return not file.exists() or archive.held("", file).sha256 != sha256


def put_back(settings: Settings, found: Unpacked, copies: Sequence[Path], now: datetime, tell: Tell) -> Mended:
    """Makes the backup the register. Raises Refused or KeyTrouble: then that is as it was, or the marker stays."""
    if found.manifest.engine == "sqlite":
        return _put_file(settings, found, copies, now, tell)
    leavers.read(copies, found.manifest.facts.entries, None)  # a gap is found before anything is changed
    url = make_url(settings.storage.url)
    marker.place(settings).write_text(f"{now.isoformat()}\n")
    tell(0, 2, RESTORING)
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={url.database}")
    copying.run_postgres("pg_restore", url, *options, str(found.database))
    tell(1, 2, RESTORING)
    mended = _mended(settings, open_database(settings.storage.url), found.manifest, copies, now)
    marker.place(settings).unlink()
    tell(2, 2, RESTORING)
    return mended


def _put_file(settings: Settings, found: Unpacked, copies: Sequence[Path], now: datetime, tell: Tell) -> Mended:
    goal = Path(make_url(settings.storage.url).database or "")
    goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with reserved(goal):
        tell(0, 2, RESTORING)
        mended = _mended(settings, open_database(f"sqlite:///{found.database}"), found.manifest, copies, now)
        tell(1, 2, RESTORING)
        for part in PARTS:  # the old log of writes must never meet the new file
            old = Path(f"{goal}{part}")
            aside = Path(f"{goal}{ASIDE}{part}")
            aside.unlink(missing_ok=True)
            if old.exists():
                old.rename(aside)
        _hand_over(found.database, goal.parent)
        found.database.replace(goal)
        _sync(goal.parent)
        tell(2, 2, RESTORING)
    return mended


def _mended(settings: Settings, database: Database, told: Manifest, copies: Sequence[Path], now: datetime) -> Mended:
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    store = Store(database, keyring, settings.town.calendar.year)
    try:
        store.prepare()
        return store.write(now, lambda transaction: _mend(transaction, told, copies)).result()
    finally:
        store.close()


def _mend(transaction: Transaction, told: Manifest, copies: Sequence[Path]) -> Mended:
    connection, now = transaction.connection, transaction.now
    mending.try_keys(connection, transaction.keyring)
    since = leavers.read(copies, told.facts.entries, mending.entry(connection, told.facts.entries)) if copies else None
    years = mending.drop_years(connection, transaction.keyring)
    stopped = mending.stop_alerts(connection, now)
    letters = mending.drop_letters(connection)
    mending.note_restored(connection, now)
    mending.note_unknown(connection, None if since else told.made_at)
    events = [
        AuditEvent(
            event=EVENTS[alert.state.value],
            subject=alert.name,
            detail={name: getattr(alert, name) for name in ("matched", "relayed", "failed", "waiting")},
        )
        for alert in stopped
    ]
    gone = take_leavers(transaction, since) if since else []
    staff_gone = take_rights(transaction, since) if since else ()
    detail = {
        "alerts_stopped": len(stopped),
        "backup_made_at": told.made_at.isoformat(),
        "entries": told.facts.entries,
        "leavers": len(gone) if since else None,
        "letters_dropped": letters,
        "years_without_key": sorted(years),
    }
    transaction.apply((), (), [*events, AuditEvent(event="backup:restored", detail=detail)], None)
    names = tuple(alert.name for alert in stopped)
    return Mended(alerts=names, letters=letters, years=years, removed=len(gone), staff=staff_gone, since=since)


def take_leavers(transaction: Transaction, since: Since) -> list[str]:
    """Erases those who left after the backup, and writes each down as having left.

    Numbers of alerts go on, and copies of keys that were made for a safe are known again.
    """
    gone = mending.remove(transaction.connection, since.gone)
    mending.go_on_from(transaction.connection, since.numbers)
    for what, year in {*since.copies, *since.copies_ever}:
        known = {"since": since.copies[what, year], "ever": since.copies_ever[what, year]}
        escrow.at_least(transaction.connection, what, year, **known)
    events = [AuditEvent(event="unsubscribe:done", subject=name, detail={"way": "restore"}) for name in gone]
    transaction.apply((), (), events, None)
    return gone


def take_rights(transaction: Transaction, since: Since) -> tuple[str, ...]:
    """Staff who were removed since may post no more; who was enrolled anew has to be enrolled again, as then."""
    gone = tuple(sorted(since.staff))
    for identity in gone:
        staff.remove(transaction.connection, identity, transaction.now)
    events = [AuditEvent(event="staff:removed", subject=identity) for identity in gone]
    transaction.apply((), (), events, None)
    return gone


def _hand_over(file: Path, folder: Path) -> None:
    """What root puts back must stay writable for the service, whose folder it is."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def room(settings: Settings, file: Path) -> None:
    """Raises Refused where the disk of the register has no room for the copy beside it."""
    folder = door.place(settings).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < file.stat().st_size * making.ROOM:
        raise Refused(f"{folder}: there is no room for the backup beside the register; make room")
