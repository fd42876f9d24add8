"""The certificate of destruction: what was destroyed, when and how, in words and as JSON, signed (protocol 3.10).

It is made of the facts of the run alone, so that it is the same however often it is written after a crash. It names
counts, fingerprints and times, and nobody.
"""

import hashlib
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from gateway import cli
from gateway.administration.office import Office
from gateway.audit.note import audit_key, sign_note
from gateway.settings import Settings
from storage.private_files import replace_private
from storage.year_end import Run

TEXT = """\
mimamori certificate of destruction

消去証明書

運営組織：{organisation}（{domain}）
年度：{year}年度（{first}から{last}まで）{early_ja}
消去を始めた時刻：{began}
鍵を破棄した時刻：{key_destroyed}
空き領域を消去した時刻：{cleaned}
消去した登録：{subscriptions}件（同意の記録・地区の組 {audiences} 件を含むすべての行：{rows}行）
消去した送信待ちの手紙：{letters}通　お知らせ：{alerts}件
年度鍵：{keys_ja}
鍵暗号化鍵：{kek_ja}
金庫の写し：{least_ja}{copies}通作成、うち {copies_destroyed} 通は破棄の申告あり
監査記録：第{entries}号まで
プログラム：mimamori {version}

上の年度の登録情報（メールアドレス、地区、同意の記録、配信の記録）は、
この時刻より後は、データベースからも、その控えからも、読み出せません。
{warning_ja}
CERTIFICATE OF DESTRUCTION

Operator: {organisation} ({domain})
Fiscal year: {year} ({first} to {last}){early_en}
Destruction began: {began}
Key destroyed: {key_destroyed}
Free space emptied: {cleaned}
Registrations destroyed: {subscriptions} (of {rows} rows in all)
Letters not sent: {letters}   Alerts: {alerts}
Year key: {keys_en}
Key-encryption key: {kek_en}
Copies for the safe: {least_en}{copies} made, {copies_destroyed} told destroyed
Audit log: up to entry {entries}
Program: mimamori {version}

From that time on, no address, district, consent or record of delivery of this year
can be read from the database or from any copy of it.
{warning_en}
{facts}
"""
EARLY = ("（期日前に、管理者の指示により）", ", before its date, by order of the administrator")
COPIES_LEFT = (
    "ただし、破棄の申告のない写しがあります。写しが残るあいだ、この証明は成り立ちません。\n",
    "But copies of the key were made that nobody has told destroyed. While one exists, this does not hold.\n",
)
COPIES_UNKNOWN = (
    "ただし、控えから復元したため、ある時刻から後に作られた写しの数が分かりません。\n",
    "But the register was put back from a backup: copies of the key that were made after it are not known.\n",
)
SAME_KEK = (
    """\
ただし、鍵暗号化鍵を替えていません。年度鍵のファイルの古い写しがあれば、この鍵で開きます。
新しい鍵に替え(keys rewrap)、古い鍵を破棄するまで、この証明は古い写しには及びません。
""",
    """\
But the key-encryption key was not replaced: it opens an old copy of the year key's file, should there be one.
Until it is replaced (keys rewrap) and destroyed, this does not hold for such a copy.
""",
)
NO_KEY = ("なし（始める前に失われていた）", "none (it was gone before)")


def signed(run: Run, office: Office) -> str:
    """The certificate as a signed note, or without a signature where no audit key is configured."""
    text = _text(run, office)
    key = audit_key(office.settings)
    return sign_note(text, key) if key is not None else text


def is_one(text: str) -> bool:
    """Whether it begins as a certificate does; whether it holds, its signature says."""
    return text.startswith(TEXT.partition("\n")[0] + "\n")


def keep(paper: str, year: int, settings: Settings) -> Path:
    """Writes the certificate to its folder; another one of the same year is never overwritten."""
    place = folder(settings)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = 1
    while True:
        file = place / (f"{year}.txt" if number == 1 else f"{year}-{number}.txt")
        if not file.exists() or file.read_text("utf-8") == paper:
            break
        number += 1
    replace_private(file, paper.encode())
    return file


def folder(settings: Settings) -> Path:
    """Where certificates are: beside an SQLite database, else in var/ beside the configuration."""
    url = make_url(settings.storage.url)
    sqlite = url.get_backend_name() == "sqlite" and url.database
    return (Path(url.database or "").parent if sqlite else settings.path.parent / "var") / "certificates"


def digest(paper: str) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(paper.encode()).hexdigest()


def summary(run: Run) -> dict[str, Any]:
    """What the audit keeps of it."""
    kek, key = run.facts["kek"], run.facts["key"]
    return {
        "year": run.year,
        "early": run.early,
        "rows": run.facts["rows"],
        "key": key["ids"],
        "fingerprints": key["fingerprints"],
        "kek_old": kek["old"],
        "kek_new": kek["new"],
        "copies": key["copies"],
        "copies_destroyed": key["copies_destroyed"],
        "copies_unknown_since": key.get("copies_unknown_since"),
    }


def _text(run: Run, office: Office) -> str:
    gateway, calendar = office.settings.gateway, office.settings.town.calendar
    facts, rows, key = run.facts, run.facts["rows"], run.facts["key"]
    first, last = calendar.last_day(run.year - 1) + timedelta(days=1), calendar.last_day(run.year)
    left = key["copies"] > key["copies_destroyed"]
    unknown = key.get("copies_unknown_since") is not None  # not in a run that an older version began
    warnings = [*([COPIES_LEFT] if left else []), *([COPIES_UNKNOWN] if unknown else [])]
    warnings += [*([SAME_KEK] if facts["kek"]["new"] is None else [])]
    times = {"began": run.began_at, "key_destroyed": facts["key_destroyed_at"], "cleaned": facts["cleaned_at"]}
    return TEXT.format(
        organisation=gateway.organisation,
        domain=gateway.domain,
        year=run.year,
        first=first,
        last=last,
        early_ja=EARLY[0] if run.early else "",
        early_en=EARLY[1] if run.early else "",
        subscriptions=rows["subscription"],
        audiences=rows["audience"],
        rows=sum(rows.values()),
        letters=rows["letter"],
        alerts=rows["alert"],
        keys_ja=_keys(key) or NO_KEY[0],
        keys_en=_keys(key) or NO_KEY[1],
        kek_ja=_kek(facts["kek"], "新しい鍵に替え、古い鍵は破棄", "替えていない"),
        kek_en=_kek(facts["kek"], "replaced, the old one destroyed", "not replaced"),
        least_ja="少なくとも" if unknown else "",
        least_en="at least " if unknown else "",
        copies=key["copies"],
        copies_destroyed=key["copies_destroyed"],
        entries=facts["audit_entries"],
        version=cli.version(),
        warning_ja="".join(each[0] for each in warnings),
        warning_en="".join(each[1] for each in warnings),
        facts=_as_json(run, office, first, last),
        **{name: _local(time, office) for name, time in times.items()},
    )


def _keys(key: dict[str, Any]) -> str:
    fingerprints = [*key["fingerprints"], *["?"] * len(key["ids"])]
    return ", ".join(f"{name} (SHA-256 {mark})" for name, mark in zip(key["ids"], fingerprints, strict=False))


def _kek(kek: dict[str, Any], renewed: str, kept: str) -> str:
    if kek["new"] is not None:
        return f"{kek['old']} → {kek['new']} ({renewed})"
    return f"{kek['old'] or '?'} ({kek['source']}, {kept})"


def _local(moment: datetime | str, office: Office) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(office.settings.gateway.timezone).isoformat(sep=" ", timespec="seconds")


def _as_json(run: Run, office: Office, first: date, last: date) -> str:
    facts = {
        "format": 1,
        "domain": office.settings.gateway.domain,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "began_at": run.began_at.isoformat(timespec="seconds"),
        "key_destroyed_at": run.facts["key_destroyed_at"],
        "cleaned_at": run.facts["cleaned_at"],
        "audit_entries": run.facts["audit_entries"],
        "version": cli.version(),
        **summary(run),
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)
