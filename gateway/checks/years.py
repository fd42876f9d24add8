"""The years: what could outlive its year's end, or lead nowhere on that night (protocol 3.10, 9 [keys])."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.checks.finding import Finding, failure, ok, warning
from gateway.ground import open_store
from gateway.settings import Settings
from gateway.year_end.due import due_years
from storage import escrow, mending, rewrapping, year_end
from storage.clock import moment
from storage.engine import StorageTrouble
from storage.keyring import ROOT, Keyring, KeyTrouble
from storage.private_files import BESIDE
from storage.store import Transaction

NAME = "years"
PEM = b"-----BEGIN "


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    yield from _strays(settings)
    yield from _half_done(settings)
    if settings.gateway.admin is None:
        yield warning(
            NAME,
            "管理者の宛先がなく、消去証明書は送られません / nobody gets the certificate of destruction by mail",
            "[gateway] admin を書く / set [gateway] admin",
        )
    if settings.audit.checkpoint_key is None:
        yield warning(
            NAME,
            "消去証明書に署名が付きません / certificates of destruction are not signed",
            "[audit] checkpoint_key を書く / set [audit] checkpoint_key",
        )
    try:
        store = open_store(settings, read_only=True)
    except StorageTrouble:
        return  # the check of the database has said so
    try:
        yield from store.read(now, lambda tx: list(_register(tx, settings)))
    finally:
        store.close()


def _strays(settings: Settings) -> Iterator[Finding]:
    """Files beside the keys that are none: most often copies, which no year's end would destroy."""
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    known = {keyring.file(name).name for name in keyring.names()} | {f"{ROOT}.key"}
    kek = rewrapping.kek_file(keyring)
    known |= {kek.name, kek.name + BESIDE} if kek is not None else set()
    folder = settings.keys.directory
    others = [file for file in folder.iterdir() if file.name not in known] if folder.is_dir() else []
    strays = sorted(file.name for file in others if not _signs(file))
    if strays:
        yield failure(
            NAME,
            f"鍵のフォルダに知らないファイル: {', '.join(strays)} / files among the keys that are none of them",
            "鍵の写しなら破棄する。残ると年度末の消去が無効になる"
            " / destroy copies of keys: one that is left defeats the year's end",
        )
        return
    yield ok(
        NAME,
        "鍵の写しを控え(バックアップ・スナップショット)に含めないでください。残ると年度末の消去が無効になります"
        " / keep keys out of backups and snapshots: a copy that is left defeats the year's end",
    )


def _signs(file: Path) -> bool:
    """Whether it is a key of another kind, that signs: such keys are PEM."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(PEM)) == PEM
    except OSError:
        return False


def _half_done(settings: Settings) -> Iterator[Finding]:
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    try:
        two_keks = rewrapping.half_done(keyring)
        rotating = [year for year in keyring.years() if len(keyring.read(str(year)).ids) > 1]
    except KeyTrouble:
        return  # the check of the keys has said so
    if two_keks:
        yield warning(
            NAME,
            "鍵が二つの KEK で包まれています / the keys lie under two KEKs",
            "[keys] kek を書き換えて再起動し、keys rewrap を終える"
            " / change [keys] kek, restart, and finish keys rewrap",
        )
    for year in rotating:
        yield warning(
            NAME,
            f"{year}年度の鍵の交換が途中です / the rotation of the key of {year} is not complete",
            "serve が続きを行う / serve goes on with it",
        )


def _register(transaction: Transaction, settings: Settings) -> Iterator[Finding]:
    calendar, connection = settings.town.calendar, transaction.connection
    for year in due_years(transaction, calendar):
        yield warning(
            NAME,
            f"{year}年度は終わりましたが、まだ消去されていません / {year} is over and not destroyed yet",
            "mimamori serve が起動時に消去する / mimamori serve destroys it when it starts",
        )
    if since := mending.unknown_since(connection):
        day = f"{moment(since):%Y-%m-%d %H:%M} UTC"
        yield warning(
            NAME,
            f"{day} より後に作った鍵の写しは、復元により分かりません "
            f"/ since a restore, copies of keys that were made after {day} are not known",
            "--audit を付けて復元し直すか、金庫を調べて破棄する "
            "/ restore again with --audit, or look into the safe, and destroy them",
        )
    for year in transaction.keyring.years():
        made, gone = escrow.copies(connection, year)
        if made > gone:
            yield warning(
                NAME,
                f"{year}年度の鍵の写しが {made - gone} 通あります / copies of the key of {year}: {made - gone}",
                f"{calendar.last_day(year)} までに破棄し、keys escrow {year} --destroyed で記録する"
                " / destroy them by then, and put it on record",
            )
    for year in sorted({run.year for run in year_end.runs(connection)} - {*transaction.keyring.years()}):
        made, gone = escrow.copies(connection, year)
        if made > gone:
            yield failure(
                NAME,
                f"消去した {year}年度の鍵の写しが {made - gone} 通残っています"
                f" / {made - gone} copies of the key of {year}, which is destroyed, are left",
                f"破棄し、keys escrow {year} --destroyed で記録する / destroy them, and put it on record",
            )
