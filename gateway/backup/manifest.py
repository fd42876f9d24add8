"""What a backup says of itself: when it was made, by which version, what it holds, and the digest of each file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1
NAME = "manifest.json"
DATABASES = {"sqlite": "mimamori.db", "postgresql": "mimamori.pgdump"}
HOLDS = (
    "暗号化された登録(メールアドレス・地区・同意の証跡)、待っている申し出と手紙、お知らせ、監査記録。設定(職員のアドレスと"
    "パスワードを含むことがある)、規約、地区一覧 / sealed registrations, requests and letters that wait, alerts, the "
    "audit log; the configuration (with addresses of staff, maybe passwords), the terms, the list of districts"
)
HOLDS_NOT = (
    "鍵。年度鍵とKEKがなければ登録は誰にも読めません / no key: without the year's key and the KEK nobody can read a "
    "registration in it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One file of a backup."""

    name: str
    of: str  # its name where it came from
    octets: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the database held at the moment of the copy."""

    schema: str | None
    rows: Mapping[str, int]
    years: Mapping[str, int]  # sealed rows of each
    entries: int  # of the audit log
    last_link: str
    checkpoint: str | None  # the newest signed note about the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The first file of a backup."""

    made_at: datetime
    version: str
    domain: str
    engine: str
    facts: Facts
    files: tuple[Held, ...]

    def text(self) -> str:
        """As it is written; the same manifest is always the same text."""
        value = asdict(self) | {"format": FORMAT, "made_at": self.made_at.isoformat(), "holds": HOLDS}
        return json.dumps(value | {"holds_not": HOLDS_NOT}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def parsed(text: str) -> Manifest:
    """Raises ValueError where this is no manifest of ours."""
    try:
        value: dict[str, Any] = json.loads(text)
        if value["format"] != FORMAT:
            raise ValueError("another format")
        return Manifest(
            made_at=datetime.fromisoformat(value["made_at"]),
            version=str(value["version"]),
            domain=str(value["domain"]),
            engine=str(value["engine"]),
            facts=Facts(**value["facts"]),
            files=tuple(Held(**each) for each in value["files"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(type(error).__name__) from None
