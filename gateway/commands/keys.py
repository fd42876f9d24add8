"""`mimamori keys …`: the keys of the years, and what is done to them (protocol 8, 9 [keys])."""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway import hardening
from gateway.administration.client import administer
from gateway.administration.office import Refused
from gateway.commands import confirming, showing, year
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from storage import resealing
from storage.keyring import KeyTrouble, master_fingerprint, write_private
from storage.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One key of a year, as `keys list` shows it."""

    year: int
    key: str
    state: str
    fingerprint: str | None  # None where the KEK cannot open it
    made: str | None
    rows: int
    keks: list[str]


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    return ACTIONS[arguments.action](load(arguments.config), arguments)


def list_all(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every key, and how much is sealed under it."""
    store = open_store(settings, read_only=True)
    try:
        found = store.read(datetime.now(UTC), lambda tx: listed(tx, settings))
    finally:
        store.close()
    if arguments.json:
        showing.as_json([asdict(each) for each in found])
        return 0
    headings = ("年度 / year", "鍵 / key", "状態 / state", "指紋 / fingerprint", "作成 / made", "行 / rows", "KEK")
    rows = [
        (
            each.year,
            each.key,
            STATES[each.state],
            each.fingerprint or "-",
            each.made or "-",
            each.rows,
            " ".join(each.keks),
        )
        for each in found
    ]
    showing.as_table(headings, rows, "鍵がありません / no key")
    return 0


STATES = {
    "open": "使用中 / open",
    "next": "翌年度 / next",
    "over": "終了 / over",
    "read-only": "旧(読み出しのみ) / read only",
}


def listed(transaction: Transaction, settings: Settings) -> list[Listed]:
    """The keys of every year, those that a rotation has replaced first."""
    keyring, current = transaction.keyring, transaction.year
    found = []
    for number in keyring.years():
        file = keyring.read(str(number))
        sealed = resealing.sealed_under(transaction.connection, number)
        state = "open" if number == current else "next" if number > current else "over"
        for key in file.ids:
            found.append(
                Listed(
                    year=number,
                    key=key,
                    state=state if key == file.ids[-1] else "read-only",
                    fingerprint=fingerprint(transaction, number, key),
                    made=file.made[key],
                    rows=sealed.get(key, 0),
                    keks=[wrap.kek or "?" for wrap in file.wraps],
                )
            )
    return found


def fingerprint(transaction: Transaction, number: int, key: str) -> str | None:
    try:
        return master_fingerprint(transaction.keyring.secrets(str(number)).masters[bytes.fromhex(key)])
    except KeyTrouble:
        return None


def new(settings: Settings, arguments: argparse.Namespace) -> int:
    words: dict[str, object] = {"year": arguments.year}
    if arguments.source is not None:
        if arguments.passphrase_file is None and not confirming.at_terminal():
            return confirming.misuse(confirming.NO_TERMINAL)
        words |= {"copy": Path(arguments.source).read_text("utf-8")}
        words |= {"passphrase": confirming.passphrase(arguments.passphrase_file, new=False)}
    done = administer(settings, "keys new", words)
    print(f"{arguments.year}年度の鍵 / key of {arguments.year}: {', '.join(done['keys'])}")
    print("この鍵の写しの扱いは docs/operations.md を / for copies of it, see docs/operations.md")
    return 0


def rotate(settings: Settings, arguments: argparse.Namespace) -> int:
    done = administer(settings, "keys rotate", {"year": arguments.year})
    gone = ", ".join(done["destroyed"])
    print(f"{done['rows']}行を新しい鍵で封じ直し、古い鍵 {gone} を破棄しました")
    print(f"{done['rows']} rows are sealed anew; the old key {gone} is destroyed")
    return 0


def rewrap(settings: Settings, arguments: argparse.Namespace) -> int:
    done = administer(settings, "keys rewrap", {"to": arguments.to})
    print(f"{len(done['keys'])} keys: KEK {done['old']} → {done['new']}")
    renewed_inside = done["state"] == "renewed" and done["in_token"]
    print("\n".join(NEXT["in token" if renewed_inside else done["state"]]))
    return 0


NEXT = {
    "both": (
        "次に: config.toml の [keys] kek を書き換えて再起動し、同じ命令をもう一度実行してください。",
        "それまでは、どちらの KEK でも開きます。",
        "next: change [keys] kek in config.toml, restart, and run the same command again;",
        "until then either KEK opens the keys",
    ),
    "finished": (
        "古い KEK では、もう何も開きません。その写しをすべて破棄してください。",
        "the old KEK opens nothing any more: destroy every copy of it",
    ),
    "renewed": (
        "新しい KEK の写しを金庫に入れ、古い写しをすべて破棄してください。",
        "put a copy of the new KEK into the safe, and destroy every copy of the old one",
    ),
    "in token": (
        "新しい KEK はトークンの中にあります。古い KEK を含むトークンの控えがあれば、すべて破棄してください。",
        "the new KEK is in the token; destroy every backup of the token that holds the old one",
    ),
}


def destroy(settings: Settings, arguments: argparse.Namespace) -> int:
    """The same as ending the year before its date: rows and key go together, and a certificate says so."""
    found = {each.year: each for each in year.held(settings)}
    if arguments.year not in found:
        raise Refused(f"{arguments.year} has no key and no rows; `mimamori keys list` shows those that there are")
    if confirming.at_terminal():
        wanted = confirming.twice(year.told(found[arguments.year]), str(arguments.year))
    elif arguments.yes_destroy_key_and_rows:
        wanted = True
    else:
        return confirming.misuse(
            "this destroys the key and every row of the year; without a terminal, say so in full: "
            f"keys destroy {arguments.year} --yes-destroy-key-and-rows"
        )
    if not wanted:
        print("何も消していません / nothing was destroyed")
        return 1
    return year.ended(settings, arguments.year, early=True, clock=False)


def escrow(settings: Settings, arguments: argparse.Namespace) -> int:
    """A copy for a safe, which has to be destroyed with the year; or the word that one is."""
    if arguments.destroyed:
        administer(settings, "keys escrow", {"year": arguments.year, "destroyed": True})
        print("写しの破棄を記録しました / the destruction of a copy is on record")
        return 0
    if arguments.output is None:
        return confirming.misuse("name the file to write: -o FILE, on a medium that goes into a safe")
    if arguments.passphrase_file is None and not confirming.at_terminal():
        return confirming.misuse(confirming.NO_TERMINAL)
    secret = confirming.passphrase(arguments.passphrase_file, new=True)
    file = Path(arguments.output)
    if file.exists():
        raise Refused(f"{file} is there already; name another file")
    done = administer(settings, "keys escrow", {"year": arguments.year, "passphrase": secret})
    write_private(file, done["copy"].encode())
    print("\n".join(WARNING).format(file=file, year=arguments.year, by=done["destroy_by"]))
    return 0


WARNING = (
    "{file}: {year}年度の鍵の写し。{by} までに必ず破棄し、次の命令で記録してください。",
    "  mimamori keys escrow {year} --destroyed",
    "  写しが残っていると、年度末の消去が無効になります。",
    "{file}: a copy of the key of {year}. Destroy it by {by}, and put that on record with the command above.",
    "  A copy that is left defeats the year's end.",
)
ACTIONS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "list": list_all,
    "new": new,
    "rotate": rotate,
    "rewrap": rewrap,
    "destroy": destroy,
    "escrow": escrow,
}
