"""The people, alerts and letters of the storage tests, and the two ways to work on a store. It tests nothing."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gateway.relay.chunks import ChunkRun
from storage import alerts, fanout, subscriptions
from storage.fanout import Claimed
from storage.parcels import Recipient
from storage.records import (
    Address,
    Alert,
    Consent,
    Letter,
    NewAlert,
    NewRequest,
    Relation,
    RequestKind,
    SaveSubscription,
    Subscription,
)
from storage.store import Store, Transaction

Result = TypeVar("Result")

NOW = datetime(2026, 6, 1, 9, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOME = 0  # the worker
CONSENT = Consent(version="2026-04-01", digest="ab" * 32, at=NOW, way="reply")


def write(store: Store, work: Callable[[Transaction], Result], now: datetime = NOW) -> Result:
    """Does the work and waits for its commit."""
    return store.write(now, work).result(timeout=30)


def read(store: Store, work: Callable[[Transaction], Result], now: datetime = NOW) -> Result:
    return store.read(now, work)


def person(number: int) -> Address:
    return Address(f"person{number}@town.example")


def joining(address: Address, *districts: str, year: int = 2026, consent: Consent | None = CONSENT) -> SaveSubscription:
    return SaveSubscription(year=year, address=address, districts=frozenset(districts), consent=consent)


def join(store: Store, address: Address, *districts: str, year: int = 2026, now: datetime = NOW) -> None:
    join_all(store, [(address, districts)], year=year, now=now)


def join_all(
    store: Store, people: Iterable[tuple[Address, Iterable[str]]], *, year: int = 2026, now: datetime = NOW
) -> None:
    changes = [joining(address, *districts, year=year) for address, districts in people]
    write(store, lambda tx: tx.apply(changes, (), (), None), now)


def leave(store: Store, address: Address) -> None:
    write(store, lambda tx: subscriptions.erase(tx.connection, tx.keyring, address))


def found(store: Store, address: Address) -> list[Subscription]:
    return list(read(store, lambda tx: tx.subscriptions(address)))


def asking(address: Address, kind: RequestKind = RequestKind.CONFIRM_SUBSCRIBE, **rest: Any) -> NewRequest:
    facts: dict[str, Any] = {"years": (2026,), "districts": frozenset({"tomio"}), "expires_at": NOW + 48 * HOUR}
    return NewRequest(kind=kind, address=address, **{**facts, **rest})


def letter(address: Address, text: str = "text", **rest: Any) -> Letter:
    return Letter(to=address, subject="subject", text=text, **rest)


def an_alert(number: int = 1, *districts: str, **rest: Any) -> NewAlert:
    facts: dict[str, Any] = {
        "year": 2026,
        "author": "teacher",
        "organisation": "Tomio Elementary School",
        "category": "suspicious",
        "subject": "a man with a camera",
        "text": "Seen at the gate.",
        "accepted_at": NOW,
        "expires_at": NOW + 4 * HOUR,
        "replay_key": number.to_bytes(32, "big"),
        "text_key": number.to_bytes(32, "little"),
    }
    return NewAlert(number=number, districts=districts or ("tomio",), **{**facts, **rest})


def following(relation: Relation, **rest: Any) -> NewAlert:
    """What follows alert 2026-0001."""
    return an_alert(2, "tomio", relation=relation, follows="2026-0001", **rest)


def post(store: Store, new: NewAlert, now: datetime = NOW) -> None:
    write(store, lambda tx: alerts.save(tx.connection, tx.keyring.year(new.year), new), now)


# --- what a relay does --------------------------------------------------------------------------


def claim(store: Store, now: datetime = NOW) -> Claimed | None:
    return write(store, lambda tx: fanout.claim(tx.connection, tx.keyring, now), now)


def claimed(store: Store, now: datetime = NOW) -> Claimed:
    """A chunk that must be there."""
    chunk = claim(store, now)
    assert chunk is not None
    return chunk


def begin(store: Store, run: ChunkRun, most: int, now: datetime = NOW) -> list[Recipient]:
    """The next rows, announced as the relay does before it hands them over."""
    if (reading := read(store, run.read, now)) is not None:
        run.accept(reading)
    rows = run.next(most, now)
    run.announce(rows, HOME)
    write(store, lambda tx: run.save(tx, False), now)
    return rows


def next_rows(store: Store, chunk: Claimed, after: int | None = None, most: int = 1_000) -> list[Recipient]:
    start = chunk.cursor if after is None else after
    return read(store, lambda tx: fanout.recipients(tx.connection, tx.keyring.year(chunk.year), chunk, start, most))


def due_again(store: Store, chunk: Claimed, now: datetime) -> list[Recipient]:
    return read(store, lambda tx: fanout.deferred(tx.connection, chunk, now, 1_000), now)


def record(store: Store, chunk: Claimed, cursor: int | None = None, now: datetime = NOW) -> bool:
    at = chunk.last if cursor is None else cursor
    return write(store, lambda tx: fanout.progress(tx.connection, tx.keyring.year(chunk.year), chunk, at, now), now)


def give_back(store: Store, chunk: Claimed, ready_at: datetime | None = None) -> None:
    write(store, lambda tx: fanout.give_back(tx.connection, chunk, ready_at, NOW))


def finish(store: Store, now: datetime = NOW) -> list[Alert]:
    return write(store, lambda tx: alerts.finish(tx.connection, now), now)


def opened(store: Store, recipient: Recipient, year: int = 2026) -> str:
    """The address of a row."""
    sealed_for = subscriptions.place("address", recipient.uuid)
    return store.keyring.year(year).open(sealed_for, recipient.address).decode()


def relay_chunk(store: Store, chunk: Claimed) -> list[str]:
    """Hands over every copy of a chunk; returns the addresses."""
    rows = next_rows(store, chunk)
    for row in rows:
        chunk.tally.hand(row.id)
    record(store, chunk)
    give_back(store, chunk)
    return [opened(store, row, chunk.year) for row in rows]


def relay_all(store: Store, now: datetime = NOW) -> list[str]:
    """Hands over every copy of every chunk that is due."""
    reached = []
    while (chunk := claim(store, now)) is not None:
        reached += relay_chunk(store, chunk)
    return reached
