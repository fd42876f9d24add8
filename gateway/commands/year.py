"""`mimamori year end`: what the year's end would destroy, and when; or ends a year that is over, or is not (3.10)."""

import argparse
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from gateway import hardening
from gateway.administration.client import administer
from gateway.administration.office import Refused
from gateway.commands import confirming, showing
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from gateway.year_end.due import end_of
from storage import escrow, year_end, years
from storage.engine import StorageTrouble
from storage.keyring import KeyTrouble
from storage.store import Transaction

TABLES = {
    "pace": "配信の経過 / notes of pace",
    "canary": "到達の計測 / canaries",
    "chunk": "配信の束 / chunks",
    "alert": "お知らせ / alerts",
    "letter": "手紙 / letters",
    "request": "申し出 / requests",
    "bounce": "不達の記録 / bounces",
    "subscription": "登録 / registrations",
    "audience_district": "地区の組の地区 / districts of audiences",
    "audience": "地区の組 / audiences",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held of one year, and when it ends."""

    year: int
    ends: str
    over: bool
    rows: dict[str, int]
    keys: list[str]
    copies: int  # of the key, made for a safe and not told destroyed


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    settings = load(arguments.config)
    return plan(settings, arguments.year, arguments.json) if arguments.dry_run else end(settings, arguments)


def plan(settings: Settings, year: int | None, as_json: bool) -> int:
    """Says what would be destroyed, of this year or of all, and when; always a success."""
    try:
        found = [each for each in held(settings) if year in (None, each.year)]
    except (StorageTrouble, KeyTrouble) as error:
        print(f"mimamori: {error}", file=sys.stderr)
        found = []
    if as_json:
        showing.as_json([asdict(each) for each in found])
        return 0
    for each in found:
        print("\n".join(told(each)))
    if not found:
        print("消去するものはありません / nothing would be destroyed")
    return 0


def end(settings: Settings, arguments: argparse.Namespace) -> int:
    """Ends one year, once it is certain that this is wanted."""
    found = {each.year: each for each in held(settings)}
    over = [year for year, each in found.items() if each.over]
    year = arguments.year if arguments.year is not None else next(iter(over), None)
    if arguments.before_its_date and arguments.year is None:
        return confirming.misuse("to end a year before its date, name it: --year YYYY")
    if year is None:
        raise Refused("no year is over; `mimamori year end --dry-run` shows when one will be")
    if year not in found:
        raise Refused(f"nothing is held of {year}; `mimamori year end --dry-run` shows what is")
    if not found[year].over and not arguments.before_its_date:
        raise Refused(f"{year} ends at {found[year].ends}; to end it now, add --year {year} --before-its-date")
    if arguments.year is None and not confirming.at_terminal():
        return confirming.misuse(f"this destroys; without a terminal, name the year in full: --year {year}")
    if confirming.at_terminal() and not confirming.twice(told(found[year]), str(year)):
        print("何も消していません / nothing was destroyed")
        return 1
    flags = {"early": arguments.before_its_date, "clock": arguments.the_clock_is_right}
    return ended(settings, year, **flags, as_json=arguments.json)


def ended(settings: Settings, year: int, *, early: bool, clock: bool, as_json: bool = False) -> int:
    """Has it done, and says what was destroyed."""
    done = administer(settings, "year end", {"year": year, "early": early, "clock": clock})
    if as_json:
        showing.as_json(done)
        return 0
    rows = sum(done["rows"].values())
    keys = ", ".join(done["key"]["ids"]) or "-"
    print(f"{year}年度を消去しました。{rows}行、鍵 {keys} / {year} is destroyed: {rows} rows, key {keys}")
    return 0


def held(settings: Settings) -> list[Held]:
    """Every year of which anything is held, oldest first."""
    now = datetime.now(UTC)
    store = open_store(settings, read_only=True)
    try:
        return store.read(now, lambda tx: _held(tx, settings))
    finally:
        store.close()


def told(each: Held) -> list[str]:
    rows = "、".join(f"{TABLES[name]} {count}" for name, count in each.rows.items() if count) or "0"
    keys = ", ".join(each.keys) or "-"
    return [
        f"{each.year}年度 / fiscal year {each.year}",
        f"  消去の時刻 / destroyed at: {each.ends}{'(過ぎています / past)' if each.over else ''}",
        f"  行 / rows: {rows}",
        f"  鍵 / key: {keys}",
        f"  金庫の写し(破棄の申告なし) / copies in safes, not told destroyed: {each.copies}",
    ]


def _held(transaction: Transaction, settings: Settings) -> list[Held]:
    calendar, keyring, connection = settings.town.calendar, transaction.keyring, transaction.connection
    found = []
    for year in sorted({*keyring.years(), *years.with_rows(connection)}):
        made, gone = escrow.copies(connection, year)
        keys = list(keyring.read(str(year)).ids) if year in keyring.years() else []
        ends = end_of(calendar, year)
        facts = {"ends": ends.isoformat(), "over": transaction.now >= ends, "copies": made - gone, "keys": keys}
        found.append(Held(year=year, rows=year_end.counts(connection, year), **facts))  # type: ignore[arg-type]
    return found
