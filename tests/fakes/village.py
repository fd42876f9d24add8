"""A small town with two members of staff, and the mails that people write to it. Values only."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.mail import InboundMail, Proof, Route, Verdict
from handlers.reading import read
from handlers.town import Calendar, Category, District, StaffMember, Terms, Town
from storage.records import (
    Address,
    Alert,
    AlertState,
    Consent,
    Request,
    RequestKind,
    RequestState,
    Subscription,
)

NOW = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)  # three in the afternoon
MARCH = datetime(2027, 3, 5, 6, 0, tzinfo=UTC)
MOTHER = Address("hanako@mail.example")
TEACHER = Address("taro@school.example")
TERMS = Terms(text="お知らせを転送しません。", version="2026-1", digest="d" * 64)
TOWN = Town(
    domain="example.jp",
    organisation="見守りメール",
    contact="0742-00-0000",
    admin=Address("admin@city.example"),
    language="ja",
    calendar=Calendar(timezone=ZoneInfo("Asia/Tokyo")),
    terms=TERMS,
    districts=(
        District(code="tomio", name="富雄", kana="とみお", aliases=("富雄北",)),
        District(code="tomio-minami", name="富雄南", kana="とみおみなみ"),
        District(code="obitoke", name="帯解", kana="おびとけ"),
        District(code="ayameike", name="あやめ池", kana="あやめいけ"),
    ),
    categories=(
        Category(code="suspicious", name="不審者情報", aliases=("不審者",)),
        Category(code="harm", name="被害情報", victim_consent=True),
    ),
    staff=(
        StaffMember(id="taro", address=TEACHER, organisation="富雄小学校"),
        StaffMember(
            id="jiro",
            address=Address("jiro@school.example"),
            organisation="帯解小学校",
            districts=("obitoke",),
            categories=("suspicious",),
        ),
    ),
)

# What residents hold tokens of.
PUBLIC = [kind for kind in RequestKind if kind is not RequestKind.RELEASE]
CONSENT = Consent(version="2026-1", digest="d" * 64, at=NOW, way="reply")


def mail(
    command: str,
    body: str = "",
    *,
    subject: str = "",
    tag: str = "",
    author: str = MOTHER.canonical,
    sender: str | None = "hanako@mail.example",
    headers: Mapping[str, str] | None = None,
    at: datetime = NOW,
    network: str | None = None,
) -> InboundMail:
    """The mail as it is read from the octets that a phone would send."""
    fields = {"From": author, "Subject": subject, "Message-ID": "<1@mail.example>", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    text = body.replace("\n", "\r\n")
    raw = f"{head}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    route = Route(command=command, tag=tag)
    found = read(raw, mail_id="m-1", received_at=at, route=route, sender=sender, domain=TOWN.domain, network=network)
    assert isinstance(found, InboundMail)
    return found


def subscription(districts: Iterable[str], year: int = 2026, address: Address = MOTHER) -> Subscription:
    return Subscription(year=year, address=address, districts=frozenset(districts), consent=CONSENT, pseudonym="r-1")


def request(kind: RequestKind, districts: Iterable[str] = (), **other: Any) -> Request:
    """A stored request of the mother, still open."""
    known: dict[str, Any] = {
        "id": 7,
        "kind": kind,
        "state": RequestState.OPEN,
        "address": MOTHER,
        "years": (2026,),
        "districts": frozenset(districts),
        "terms": (TERMS.version, TERMS.digest),
        "expires_at": NOW + timedelta(hours=48),
    }
    return Request(**(known | other))


def proof(text: str | None, subject: str = "不審者について", **other: Any) -> Proof:
    """What the teacher's signature covers."""
    known: dict[str, Any] = {
        "domain": "school.example",
        "selector": "s1",
        "fingerprint": "f" * 64,
        "pinned": True,
        "message_id": "<1@school.example>",
        "date": "Mon, 03 Aug 2026 15:00:00 +0900",
        "body_hash": b"hash",
        "subject": subject,
        "text": text,
    }
    return Proof(**(known | other))


def posted(text: str | None, subject: str = "不審者について", author: Address = TEACHER, **other: Any) -> Verdict:
    return Verdict(author=author, proof=proof(text, subject, **other))


def alert(number: int = 42, state: AlertState = AlertState.RELAYING, **other: Any) -> Alert:
    """An alert of the teacher to 富雄, as it stands."""
    known: dict[str, Any] = {
        "id": number,
        "year": 2026,
        "number": number,
        "state": state,
        "author": "taro",
        "organisation": "富雄小学校",
        "category": "suspicious",
        "districts": ("tomio",),
        "accepted_at": NOW - timedelta(minutes=5),
        "expires_at": NOW + timedelta(minutes=235),
        "finished_at": None,
        "matched": 120,
        "relayed": 80,
        "failed": 0,
        "waiting": 0,
    }
    if state is AlertState.HELD:
        known |= {"release": "author", "held_until": NOW + timedelta(minutes=235), "minutes": 240, "relayed": 0}
    return Alert(**(known | other))
