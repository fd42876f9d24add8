"""What a thief of the database finds (protocol 4.3, [keys]): no address and no resident's district, in no spelling.

The files themselves are searched, with log and journal; what was erased must be gone from them as well.
"""

import base64
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from storage import memory, outbox, requests, subscriptions
from storage.records import (
    Address,
    AuditEvent,
    CloseRequest,
    EraseSubscription,
    Quota,
    RequestKind,
    RequestState,
    SaveAlert,
)
from storage.store import Store, Transaction
from storage.tables import metadata
from tests.storage.postgres import Server, installed
from tests.storage.samples import (
    HOUR,
    NOW,
    an_alert,
    asking,
    claim,
    finish,
    give_back,
    joining,
    letter,
    next_rows,
    read,
    record,
    write,
)

STAYS, LEAVES, ASKS, REFUSED = (
    Address(f"{name}.kasugano@resident.example") for name in ("midori", "haru", "sora", "aoi")
)
HOME, FORMER = "quiet-hollow", "windy-ridge"  # no alert names these
TEXT_OF_ALERT = "behind the gymnasium"
SECRETS = ("kasugano", "resident.example", HOME, FORMER, TEXT_OF_ALERT)  # the first two stand in every address


def lived(store: Store) -> None:
    """A bit of everything that storage does, with these people."""

    def pending(tx: Transaction) -> None:
        for address in (STAYS, LEAVES, ASKS):
            districts = {"districts": frozenset({HOME}), "removed": frozenset({FORMER})}
            asked = asking(address, RequestKind.CONFIRM_CHANGE, **districts)
            own = address.canonical
            new = letter(address, f"Dear {own}, {HOME}", request=asked, attached=own.encode())
            counted = (Quota("address", address.canonical), Quota("domain", address.domain))
            event = AuditEvent(event="subscribe:pending", about=address)
            tx.apply((), [new, letter(address, HOME, counted=counted)], [event], "m-1")
        memory.remember_handled(tx.connection, tx.keyed("handled", STAYS.canonical.encode()), tx.now)

    def joined(tx: Transaction) -> None:
        for address in (STAYS, LEAVES, REFUSED):
            changes = [joining(address, FORMER, "tomio"), joining(address, HOME, "tomio")]
            changes.append(joining(address, HOME, year=2027))
            tx.apply(changes, [letter(address)], [AuditEvent(event="subscribe:confirmed", about=address)], "m-2")
        token = requests.mint(tx.connection, tx.keyring, asking(ASKS, districts=frozenset({HOME})))
        found = tx.request(token)
        assert found is not None
        tx.apply([CloseRequest(request_id=found.id, state=RequestState.USED, others=True)], (), (), None)

    def alerted(tx: Transaction) -> None:
        new = an_alert(1, "tomio", text=TEXT_OF_ALERT)
        tx.apply([SaveAlert(alert=new)], (), [AuditEvent(event="alert:accepted", subject="2026-0001")], "m-3")

    def left(tx: Transaction) -> None:
        event = AuditEvent(event="unsubscribe:done", about=LEAVES)
        tx.apply([EraseSubscription(address=LEAVES)], [letter(LEAVES)], [event], "m-4")

    for work in (pending, joined, alerted):
        write(store, work)
    while (chunk := claim(store)) is not None:
        first, *others = next_rows(store, chunk)
        chunk.tally.hand(first.id)
        for row in others:
            chunk.tally.fail(row.id, 550)
        record(store, chunk)
        give_back(store, chunk)
    finish(store)
    write(store, left)
    waiting = write(store, lambda tx: outbox.claim(tx.connection, tx.keyring, NOW, 5))
    write(store, lambda tx: outbox.sent(tx.connection, [(each.id, each.fence) for each in waiting]))
    with pytest.raises(RuntimeError):
        write(store, half_way)
    store.tidy(NOW + 72 * HOUR)


def half_way(tx: Transaction) -> None:
    tx.apply([joining(STAYS, FORMER)], [letter(STAYS, STAYS.canonical)], (), None)
    raise RuntimeError("after all")


def spellings(secret: str) -> Iterator[bytes]:
    """The secret as it may stand in a file: plain, in capitals, wide, in hexadecimal, in base64 at each offset."""
    for written in (secret, secret.upper()):
        octets = written.encode()
        yield from (octets, written.encode("utf-16-le"), written.encode("utf-16-be"), octets.hex().encode())
        yield octets.hex().upper().encode()
        for offset in range(3):
            whole = base64.b64encode(bytes(offset) + octets)
            yield whole[(offset * 8 + 5) // 6 : (offset + len(octets)) * 8 // 6]  # what depends on these octets only


def assert_silent(name: str, octets: bytes) -> None:
    for secret in SECRETS:
        for spelling in spellings(secret):
            assert spelling not in octets, f"{name} holds {secret}"


def files_of(store: Store, url: str, server: Server | None) -> Iterator[Path]:
    if server is None:
        yield from Path(str(make_url(url).database)).parent.glob("mimamori.*")
        return
    with server.connect() as connection:
        connection.execute("CHECKPOINT")
        query = "SELECT oid FROM pg_database WHERE datname = %s"
        number = connection.execute(query, [make_url(url).database]).fetchone()
    assert number is not None
    data = server.folder / "data"
    for folder in (data / "base" / str(number[0]), data / "pg_wal", data / "global"):
        yield from (file for file in folder.rglob("*") if file.is_file())
    yield server.folder / "log"


def test_the_search_would_find_it() -> None:
    for octets in (b"..midori.kasugano@resident.example..", base64.b64encode(b"x" + STAYS.canonical.encode())):
        with pytest.raises(AssertionError, match="holds"):
            assert_silent("a file", octets)
    with pytest.raises(AssertionError, match="holds"):
        assert_silent("a file", HOME.encode("utf-16-be"))


def test_the_files_hold_no_address_and_no_residents_district(
    database: Store, database_url: str, engine_name: str, request: pytest.FixtureRequest
) -> None:
    lived(database)
    assert read(database, lambda tx: tx.subscriptions(STAYS))[0].districts == {HOME, "tomio"}
    server = request.getfixturevalue("postgres") if engine_name == "postgresql" else None
    files = list(files_of(database, database_url, server))
    assert any(file.name.endswith(("-wal", "log")) for file in files)
    for file in files:
        with suppress(FileNotFoundError):  # PostgreSQL makes and drops caches of its catalogue at any time
            assert_silent(file.name, file.read_bytes())
    if server is None:
        database.close()  # the journal flows back into the file
        for file in files_of(database, database_url, server):
            assert_silent(file.name, file.read_bytes())


def test_a_dump_holds_no_address_and_no_residents_district(
    database: Store, database_url: str, engine_name: str, request: pytest.FixtureRequest
) -> None:
    lived(database)
    if engine_name == "sqlite":
        rows = read(database, all_values)
    else:
        server: Server = request.getfixturevalue("postgres")
        command = [installed() / "bin" / "pg_dump", "-h", server.folder, "-U", "postgres"]
        name = str(make_url(database_url).database)
        dumped = subprocess.run([*map(str, command), name], capture_output=True, check=True, timeout=60)
        assert b"COPY public.subscription" in dumped.stdout
        assert_silent("the dump", dumped.stdout)
        rows = read(database, all_values)
    assert len(rows) > 1_000
    assert_silent("the rows", rows)


def all_values(tx: Transaction) -> bytes:
    """Every value of every table, blobs as the octets that they are."""
    values = []
    for name in metadata.tables:
        for row in tx.connection.execute(text(f"SELECT * FROM {name}")):
            values += [bytes(each) if isinstance(each, bytes | memoryview) else str(each).encode() for each in row]
    return b"\n".join(values)


def test_nothing_of_whoever_left_can_be_opened_any_more(database: Store) -> None:
    """4.3  Not even with the key: the row is gone, its requests are empty, and no pseudonym leads to it."""
    lived(database)
    assert read(database, lambda tx: tx.subscriptions(LEAVES)) == []
    assert read(database, lambda tx: subscriptions.pseudonym(tx.connection, tx.keyring, LEAVES)) is None
    emptied = text("SELECT count(*) FROM request WHERE body IS NULL AND address_index IS NULL")
    assert read(database, lambda tx: tx.connection.scalar(emptied)) == 1
