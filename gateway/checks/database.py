"""The database and what is in it: reachable, private, of this version, complete, unchanged (protocol 8 and 9)."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.checks.finding import Finding, failure, ok, warning
from gateway.checks.permissions import exposed
from gateway.ground import open_store
from gateway.settings import Settings
from storage import audit, audit_walk, mending, migrations, moves, subscriptions, years
from storage.clock import moment
from storage.engine import StorageTrouble
from storage.keyring import KeyTrouble
from storage.store import Transaction
from storage.tables import metadata

NAME = "database"
MIB, GIB = 1024**2, 1024**3
LEAST_FREE = GIB
LONGEST_VERIFIED = 100_000  # entries, about a second
SKEW = timedelta(minutes=1)  # by which the clocks of several nodes may differ


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    file = _file(settings)
    if file is not None:
        folder = next(folder for folder in file.parents if folder.is_dir())
        yield room(folder, shutil.disk_usage(folder).free)
    if file is not None and not file.exists():
        yield warning(
            NAME,
            "データベースはまだありません / there is no database yet",
            "mimamori serve を一度動かす / run mimamori serve once",
        )
        return
    if file is not None:
        for path in (file, *(Path(f"{file}{suffix}") for suffix in ("-wal", "-shm")), file.with_suffix(".lock")):
            if path.exists():
                yield from exposed(NAME, path)
    yield from _inside(settings, now)


def _file(settings: Settings) -> Path | None:
    url = make_url(settings.storage.url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def room(folder: Path, free: int) -> Finding:
    """What is said of so many octets of free disk space."""
    if free < LEAST_FREE:
        return warning(
            NAME,
            f"空きが {free // MIB} MiB です / only {free // MIB} MiB of disk space left",
            f"{folder} を空ける / make room there",
        )
    return ok(NAME, f"空きは {free // GIB} GiB です / {free // GIB} GiB of disk space left")


def _inside(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        store = open_store(settings, read_only=True)
    except (StorageTrouble, SQLAlchemyError, ImportError) as error:
        yield _unreachable(error)
        return
    try:
        yield from store.read(now, lambda transaction: _contents(transaction, settings))
    except (SQLAlchemyError, OSError) as error:
        yield _unreachable(error)
    finally:
        store.close()


def _unreachable(error: Exception) -> Finding:
    """Its text stays unseen: it can hold the address and the user of a database."""
    return failure(
        NAME,
        f"データベースを読めません / the database cannot be read ({type(error).__name__})",
        "[storage] url と、データベースが動いていることを確かめる / check [storage] url, and that the database runs",
    )


def _contents(transaction: Transaction, settings: Settings) -> list[Finding]:
    stale = _schema(transaction.connection)
    if stale is not None:
        return [stale]
    return [
        ok(NAME, "データベースを読めます / the database can be read, and is of this version"),
        *_years(transaction, settings),
        *_districts(transaction, settings),
        *_restored(transaction.connection),
        _clock(transaction),
        chain(transaction.connection),
    ]


def _schema(connection: Connection) -> Finding | None:
    """What is wrong with the schema; None where it is that of this version."""
    steps = ScriptDirectory(str(migrations.HERE))
    there, wanted = MigrationContext.configure(connection).get_current_revision(), steps.get_current_head()
    if there == wanted:
        return _tables(connection)
    if there is None:
        return warning(
            NAME,
            "データベースは空です / the database is empty",
            "mimamori serve を一度動かす / run mimamori serve once",
        )
    if there in {step.revision for step in steps.walk_revisions()}:
        return failure(
            NAME,
            f"データベースが古い形式です({there}) / the database is of an older version",
            "mimamori serve を起動し直す(更新されます) / restart mimamori serve, which brings it up to date",
        )
    return failure(
        NAME,
        f"データベースが新しい形式です({there}) / the database is of a newer version",
        "新しい版に戻す / go back to the newer version of mimamori",
    )


def _tables(connection: Connection) -> Finding | None:
    missing = sorted(set(metadata.tables) - set(inspect(connection).get_table_names()))
    if not missing:
        return None
    return failure(
        NAME,
        f"データベースに表が足りません / tables are missing: {', '.join(missing)}",
        "バックアップから戻す / restore the database from a backup",
    )


def _years(transaction: Transaction, settings: Settings) -> Iterator[Finding]:
    """Protocol 9, [keys]: a key is minted only for a year without rows."""
    rows, keys = years.with_rows(transaction.connection), transaction.keyring.years()
    for year in settings.town.calendar.open_years(transaction.now):
        if year not in keys and year in rows:
            yield failure(
                NAME,
                f"{year}年度の行はあるのに鍵がありません / there are rows of {year} but no key",
                f"金庫の写しから {year}.key を戻す / put {year}.key back from your safe",
            )
        elif year not in keys:
            yield warning(
                NAME,
                f"{year}年度の鍵がまだありません / the key of {year} is not made yet",
                "mimamori serve が作ります / mimamori serve makes it",
            )


def _districts(transaction: Transaction, settings: Settings) -> Iterator[Finding]:
    codes = [district.code for district in settings.town.districts]
    try:
        lost = subscriptions.strangers(transaction.connection, transaction.keyring, codes)
    except KeyTrouble:
        return  # the check of the keys says it
    if lost:
        yield failure(
            NAME,
            f"{lost} 件の登録の地区が設定にありません / {lost} registrations name a district that is not configured",
            "設定に戻すか、mimamori districts merge で移す / put it back, or run mimamori districts merge",
        )


def _restored(connection: Connection) -> Iterator[Finding]:
    """8.6  A register that was put back without a copy of the audit log may have people in it who have left."""
    if since := mending.unknown_since(connection):
        day = f"{moment(since):%Y-%m-%d %H:%M} UTC"
        yield warning(
            NAME,
            f"{day} より後に解除した方が、復元で戻っている可能性があります "
            f"/ a restore may have brought back those who left after {day}",
            "監査記録の写しがあれば --audit を付けて復元し直す。なければ登録者に知らせる "
            "/ with a copy of the audit log, restore again with --audit; without, tell the residents",
        )
    if (move := moves.pending(connection)) is not None:
        yield warning(
            NAME,
            f"地区 {move.old} → {move.new} の移行が終わっていません / the move of {move.old} to {move.new} is not done",
            f"mimamori districts {move.kind} {move.old} {move.new} をもう一度実行する / run it again",
        )


def _clock(transaction: Transaction) -> Finding:
    newest = audit.read(transaction.connection, last=1)
    if newest and newest[0].at > transaction.now + SKEW:
        return failure(
            NAME,
            "最後の監査記録が未来の日時です / the newest audit entry is of the future: a clock is or was wrong",
            "時計を合わせる(chrony など) / set the clock right, with chrony or the like",
        )
    return ok(NAME, "時計は監査記録と合っています / the clock agrees with the audit log")


def chain(connection: Connection, most: int = LONGEST_VERIFIED) -> Finding:
    """Whether the audit log is whole; one of more than `most` entries is left to `audit verify`."""
    count = audit.last_number(connection)
    if count > most:
        return ok(
            NAME,
            f"監査記録は {count} 件、ここでは検証しません / {count} audit entries are too many to be verified here",
            "mimamori audit verify",
        )
    found = audit_walk.verify(connection)
    if isinstance(found, int):
        return ok(NAME, f"監査記録 {found} 件に改変はありません / none of {found} audit entries was changed")
    return failure(
        NAME,
        f"監査記録が {found.seq} 件目で改変されています / the audit log was changed at entry {found.seq}: {found.what}",
        "バックアップと照合し、原因を調べる / compare it with a backup, and find out who did it",
    )
