"""`mimamori restore FILE`: puts a backup back; nothing old happens again, nobody who left is back (protocol 8.6)."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.administration.client import progress
from gateway.backup import restoring
from gateway.backup.restoring import Mended, Unpacked
from gateway.commands import confirming
from gateway.config import load
from gateway.settings import Settings


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    file, copies = Path(arguments.file), [Path(each) for each in arguments.audit]
    for each in (file, *copies):
        if not each.is_file():
            print(f"mimamori: {each}: no such file", file=sys.stderr)
            return 2
    restoring.see_to_silence(settings)
    restoring.room(settings, file)
    with restoring.workshop(settings) as folder:
        found = restoring.unpack(settings, file, Path(folder), progress)
        announce(settings, found, bool(copies))
        if (
            code := confirming.confirmed(
                "今のデータベースを置き換えますか / replace the register by this?", arguments.yes, times=2
            )
        ) != 0:
            return code
        mended = restoring.put_back(settings, found, copies, datetime.now(UTC), progress)
    tell(mended)
    return 0


def announce(settings: Settings, found: Unpacked, with_copy: bool) -> None:
    """What would be put back, before anything is changed."""
    made = found.manifest.made_at.astimezone(settings.gateway.timezone)
    print(f"作成 / made: {made:%Y-%m-%d %H:%M:%S %Z}, mimamori {found.manifest.version}")
    print(f"監査記録 / audit entries: {found.manifest.facts.entries:,}")
    for year, count in found.manifest.facts.years.items():
        print(f"{year}年度 / fiscal year {year}: {count:,} rows")
    for name in found.differing:
        print(f"! {name} は今のものと違います。今のものを使います / differs from the one here, which stays in force")
    if not with_copy:
        print(
            "! 監査記録の写し(--audit)がありません。バックアップの後に解除した方が戻ってしまいます "
            "/ without --audit, those who left after the backup come back"
        )
        print("! 後に作った鍵の写しも分からなくなります / copies of keys made since for a safe are not known either")


def tell(mended: Mended) -> None:
    """What was done, and what has to be done now."""
    print("復元しました / restored")
    alerts = "、".join(mended.alerts) or "-"
    print(f"  停止した配信 / alerts stopped: {len(mended.alerts)} ({alerts})")
    print(f"  捨てた手紙 / letters dropped: {mended.letters}")
    for year, count in sorted(mended.years.items()):
        print(f"  鍵のない{year}年度を削除 / rows of {year}, whose key is gone, deleted: {count:,}")
    if mended.since is not None:
        since = mended.since
        print(f"  後から解除した方を再び削除 / people who had left since, erased again: {mended.removed}")
        print(f"  失われた登録・変更 / registrations and changes that are lost: {since.joined}, {since.changed}")
    if mended.staff:
        names = "、".join(mended.staff)
        print(f"  後から変わった職員。必要なら staff add で登録し直す / staff changed since, enrol them again: {names}")
    print("次に / next: mimamori check → mimamori audit verify → systemctl start mimamori")
