"""A made-up port town: its configuration, the keys of its staff, and the mails that they sign.

Nothing here is shared between tests but the key pairs, which are slow to make.
"""

import functools
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.example import toml
from gateway.init import init
from tests.fakes.signer import Key, new_key, staff_mail

DOMAIN = "anshin.minato.example"
BOARD = "kyoiku@city.minato.example"  # may post everything
SCHOOL = "kyoto@yamate.school.example"  # may post storms in the hills only
ADMIN = "kanri@office.minato.example"
SELECTOR = "m2026"
NOBODY = "127.0.0.1:9"  # a name server that never answers


@functools.cache
def key_of(domain: str) -> Key:
    """The key pair of a staff domain."""
    return new_key(selector=SELECTOR)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def key_name(address: str) -> str:
    """Where the key of a staff address is published."""
    return f"{SELECTOR}._domainkey.{domain_of(address)}"


def settings(smarthost: str, *, nameserver: str = NOBODY, pinned: bool = True) -> dict[str, Any]:
    """The town's configuration, ready to be changed by a test."""

    def keys(address: str) -> dict[str, object]:
        return {"keys": [key_of(domain_of(address)).pinned]} if pinned else {}

    return {
        "gateway": {
            "domain": DOMAIN,
            "organisation": "みなと市教育委員会",
            "contact": "電話 00-1234-5678",
            "admin": ADMIN,
        },
        "listener": {"host": "127.0.0.1", "port": 0, "trusted_relays": ["127.0.0.0/8"]},
        "limits": {"refusal_floor_milliseconds": 0, "answer_floor_milliseconds": 0},
        "dns": {"nameservers": [nameserver]},
        "relay": {"smarthost": smarthost, "retry_first_seconds": 1},
        "alerts": {"haste_checks": []},  # tests of them switch them on
        "categories": [
            {"code": "approach", "name": "声かけ", "aliases": ["声かけ事案"], "victim_consent": True},
            {"code": "storm", "name": "台風・警報", "aliases": ["台風", "警報"]},
            {"code": "lost", "name": "迷子"},
        ],
        "districts": [
            {"code": "hama", "name": "浜手", "kana": "はまて"},
            {"code": "yama", "name": "山手", "kana": "やまて", "aliases": ["山の手"]},
            {"code": "shima", "name": "中島", "kana": "なかじま"},
            {"code": "eki", "name": "駅前", "kana": "えきまえ"},
        ],
        "staff": [
            {"id": "board", "address": BOARD, "organisation": "みなと市教育委員会", **keys(BOARD)},
            {
                "id": "yamate",
                "address": SCHOOL,
                "organisation": "山手小学校",
                "districts": ["yama"],
                "categories": ["storm"],
                **keys(SCHOOL),
            },
        ],
    }


def write_settings(folder: Path, chosen: Mapping[str, Any]) -> Path:
    """Keys and terms as `mimamori init` makes them, and this configuration."""
    init(folder, interactive=False, ask=lambda _question, default: default, say=lambda _line: None)
    config = folder / "config.toml"
    config.write_text(as_toml(chosen), "utf-8")
    return config


def as_toml(chosen: Mapping[str, Any]) -> str:
    blocks = []
    for name, value in chosen.items():
        sections = [(f"[{name}]", value)] if isinstance(value, dict) else [(f"[[{name}]]", row) for row in value]
        for headline, facts in sections:
            blocks.append("\n".join([headline, *(f"{key} = {toml(fact)}" for key, fact in facts.items()), ""]))
    return "\n".join(blocks)


def merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with some sections' values changed; a list takes the place of a list."""
    for name, value in changes.items():
        base[name] = {**base.get(name, {}), **value} if isinstance(value, dict) else value
    return base


def alert(
    text: str,
    author: str = BOARD,
    subject: str = "お知らせ",
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> bytes:
    """A posting of staff, as their mail system signs it."""
    key, domain = key_of(domain_of(author)), domain_of(author)
    options.setdefault("message_id", fresh_id(author))
    return staff_mail(key.private_pem, domain, SELECTOR, author, f"alert@{DOMAIN}", subject, text, headers, **options)


def staff_reply(to: str, text: str, author: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A signed mail of staff to any address of ours, as their mail program answers a letter."""
    key, domain = key_of(domain_of(author)), domain_of(author)
    return staff_mail(
        key.private_pem, domain, SELECTOR, author, to, "Re: 確認", text, headers, message_id=fresh_id(author)
    )


def fresh_id(sender: str) -> str:
    return f"<{time.time_ns()}.{os.urandom(4).hex()}@{domain_of(sender)}>"
