"""`mimamori staff list|add|remove|password`: who may post. It prints no address."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.administration.client import administer
from gateway.administration.office import current_staff
from gateway.commands import showing, staff_password
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from handlers.town import StaffMember
from storage import coverage, staff
from storage.engine import StorageTrouble
from storage.records import Enrolment, SeenProfile


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "password":
        return staff_password.run()
    settings = load(arguments.config)
    match arguments.action:
        case "add":
            return add(settings, arguments)
        case "remove":
            return remove(settings, arguments)
    return list_all(settings, arguments)


def list_all(settings: Settings, arguments: argparse.Namespace) -> int:
    """Everybody who may post, and those whom a command has removed."""
    kept, seen = known(settings)
    now = current_staff(settings.town.staff, kept)
    facts = [described(one, "command" if one.id in kept else "configuration", seen) for one in now]
    facts += [{"id": identity, "source": "removed"} for identity, one in kept.items() if one is None]
    if arguments.json:
        showing.as_json(facts)
        return 0
    headings = (
        "符号 / id",
        "所属 / organisation",
        "地区 / districts",
        "区分 / categories",
        "役割 / roles",
        "鍵 / keys",
        "登録元",
    )
    rows = [
        (
            each["id"],
            each.get("organisation", "-"),
            "、".join(each.get("districts", ())),
            "、".join(each.get("categories", ())),
            "・".join(each.get("roles", ())),
            each.get("keys", "-"),
            SOURCES[str(each["source"])],
        )
        for each in facts
    ]
    showing.as_table(headings, rows, "配信できる職員はいません / nobody may post")
    for each in {one["fingerprint"]: one for person in facts for one in person.get("mail_system", ())}.values():
        signed = "、".join(each["covered"])
        print(f"{each['domain']} ({each['selector']}, {each['key']}): 署名される項目 / signed: {signed}")
        print(f"  鍵 / key SHA-256: {each['fingerprint']}")
    return 0


SOURCES = {
    "configuration": "設定ファイル / configuration",
    "command": "コマンド / command",
    "removed": "停止 / removed",
}


def described(member: StaffMember, source: str, seen: Sequence[SeenProfile]) -> dict[str, Any]:
    roles = {"release": member.may_release, "second": member.may_second}
    return {
        "id": member.id,
        "organisation": member.organisation,
        "districts": list(member.districts),
        "categories": list(member.categories),
        "roles": [role for role, has in roles.items() if has],
        "keys": len(member.keys),
        "source": source,
        "mail_system": [profile(each) for each in seen if each.profile.domain == member.address.domain],
    }


def profile(seen: SeenProfile) -> dict[str, Any]:
    """5.11  What the mail system of their domain signs, as a self-test has shown."""
    found = seen.profile
    return {
        "domain": found.domain,
        "selector": found.selector,
        "key": f"{found.algorithm} {found.bits}",
        "fingerprint": found.fingerprint,
        "covered": sorted(found.covered),
        "seen_at": seen.seen_at.isoformat(),
    }


def known(settings: Settings) -> tuple[dict[str, Enrolment | None], Sequence[SeenProfile]]:
    """What commands have said and what self-tests have shown; nothing where there is no database yet."""
    try:
        store = open_store(settings, read_only=True)
    except StorageTrouble:
        return {}, ()
    try:
        return store.read(
            datetime.now(UTC),
            lambda tx: (staff.enrolments(tx.connection, tx.keyring), coverage.profiles(tx.connection)),
        )
    finally:
        store.close()


def add(settings: Settings, arguments: argparse.Namespace) -> int:
    words = {name: value for name, value in vars(arguments).items() if name in WORDS and value is not None}
    answer = administer(settings, "staff add", words)
    print(f"登録しました。次のメールから配信できます / enrolled, from the next mail on: {answer['id']}")
    return 0


WORDS = ("id", "address", "organisation", "districts", "categories", "may_release", "may_second", "keys")


def remove(settings: Settings, arguments: argparse.Namespace) -> int:
    answer = administer(settings, "staff remove", {"id": arguments.id})
    print(f"停止しました。もう配信できません / removed, and may post no more: {answer['id']}")
    if answer["configured"]:
        name = settings.path.name
        print(f"{name} の [[staff]] からも消してください / take it out of [[staff]] of {name}, too", file=sys.stderr)
    return 0
