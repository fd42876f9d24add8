"""Requests that wait for their token (protocol 1.2, 3.5): what is kept of them, and how they end."""

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select

from storage import requests, subscriptions
from storage.records import CloseRequest, NewRequest, Request, RequestKind, RequestState
from storage.store import Store, Transaction
from storage.tables import request
from tests.storage.samples import HOUR, MINUTE, NOW, asking, leave, person, read, write


def mint(store: Store, new: NewRequest) -> str:
    return write(store, lambda tx: requests.mint(tx.connection, tx.keyring, new))


def held(store: Store, token: str) -> Request:
    found = read(store, lambda tx: tx.request(token))
    assert found is not None
    return found


def close(store: Store, token: str, state: RequestState = RequestState.USED, *, others: bool = False) -> None:
    change = CloseRequest(request_id=held(store, token).id, state=state, others=others)
    write(store, lambda tx: tx.apply([change], (), (), None))


def test_a_token_brings_back_what_was_asked_for(database: Store) -> None:
    new = asking(
        person(1),
        RequestKind.CONFIRM_CHANGE,
        years=(2026, 2027),
        districts=frozenset({"tomio", "asuka"}),
        removed=frozenset({"heijo"}),
        replaces=True,
        terms=("2026-04-01", "ab" * 32),
    )
    found = held(database, mint(database, new))
    assert found == Request(
        id=found.id,
        kind=RequestKind.CONFIRM_CHANGE,
        state=RequestState.OPEN,
        address=person(1),
        years=(2026, 2027),
        districts=frozenset({"tomio", "asuka"}),
        removed=frozenset({"heijo"}),
        replaces=True,
        terms=("2026-04-01", "ab" * 32),
        expires_at=new.expires_at,
    )


def test_a_token_is_128_random_bits_and_only_its_digest_is_kept(database: Store) -> None:
    tokens = [mint(database, asking(person(1))) for _ in range(4)]
    assert len(set(tokens)) == 4
    for token in tokens:
        assert re.fullmatch("[a-z2-7]{26}", token)
    rows = read(database, lambda tx: tx.connection.execute(select(request)).all())
    assert [row.token_digest for row in rows] == [hashlib.sha256(token.encode()).digest() for token in tokens]
    stored = repr(rows)
    assert not any(token in stored for token in tokens)


def test_a_token_is_found_in_capitals_too(database: Store) -> None:
    token = mint(database, asking(person(1)))
    assert held(database, token.upper()) == held(database, token)


@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: token + "a", lambda token: ""])
def test_a_token_that_we_never_minted_is_unknown(database: Store, spoil: Callable[[str], str]) -> None:
    token = mint(database, asking(person(1)))
    assert read(database, lambda tx: tx.request(spoil(token))) is None


def test_a_closed_request_is_still_known_with_its_state(database: Store) -> None:
    for state in (RequestState.USED, RequestState.WITHDRAWN, RequestState.CLOSED):
        token = mint(database, asking(person(1)))
        close(database, token, state)
        assert (held(database, token).state, held(database, token).address) == (state, person(1))


def test_the_first_one_confirmed_closes_the_others_by_which_the_address_would_join(database: Store) -> None:
    first, second = (mint(database, asking(person(1))) for _ in range(2))
    form = mint(database, asking(person(1), RequestKind.FORM))
    leaving = mint(database, asking(person(1), RequestKind.CONFIRM_LEAVE))
    withdrawn = mint(database, asking(person(1)))
    strangers = mint(database, asking(person(2)))
    close(database, withdrawn, RequestState.WITHDRAWN)
    close(database, first, others=True)
    states = [held(database, token).state for token in (first, second, form, leaving, withdrawn, strangers)]
    assert states == [
        RequestState.USED,
        RequestState.CLOSED,
        RequestState.CLOSED,
        RequestState.OPEN,
        RequestState.WITHDRAWN,
        RequestState.OPEN,
    ]


def test_only_open_requests_that_have_not_expired_are_counted(database: Store) -> None:
    mint(database, asking(person(1)))
    mint(database, asking(person(1), RequestKind.CONFIRM_LEAVE, years=(2027,)))
    mint(database, asking(person(1), expires_at=NOW + MINUTE))
    mint(database, asking(person(2)))
    close(database, mint(database, asking(person(1))))

    def open_at(now: datetime) -> int:
        return read(database, lambda tx: tx.open_requests(person(1), now))

    assert open_at(NOW) == 3
    assert open_at(NOW + MINUTE) == 2
    assert open_at(NOW + 49 * HOUR) == 0


def test_an_expired_request_is_known_for_thirty_days_and_then_forgotten(database: Store) -> None:
    token = mint(database, asking(person(1), expires_at=NOW))
    database.tidy(NOW + requests.KNOWN)
    assert held(database, token).expires_at == NOW
    database.tidy(NOW + requests.KNOWN + MINUTE)
    assert read(database, lambda tx: tx.request(token)) is None


def test_erasing_an_address_empties_its_requests(database: Store) -> None:
    token, strangers = mint(database, asking(person(1))), mint(database, asking(person(2)))
    leave(database, person(1))
    found = held(database, token)
    assert (found.address, found.districts, found.state) == (None, frozenset(), RequestState.USED)
    rows = read(database, lambda tx: tx.connection.execute(select(request).order_by(request.c.id)).all())
    assert (rows[0].address_index, rows[0].body) == (None, None)
    assert held(database, strangers).address == person(2)
    close(database, token, others=True)
    assert held(database, strangers).state is RequestState.OPEN


def test_a_request_of_a_destroyed_year_is_unknown(database: Store) -> None:
    token = mint(database, asking(person(1), years=(2027,)))
    key_file = next(iter(database.keyring.directory.glob("2027.key")))
    key_file.unlink()
    assert read(database, lambda tx: tx.request(token)) is None


def test_requests_of_one_address_share_its_pseudonym(database: Store) -> None:
    mint(database, asking(person(1)))
    mint(database, asking(person(1), RequestKind.FORM))
    mint(database, asking(person(2)))
    rows = read(database, lambda tx: tx.connection.execute(select(request).order_by(request.c.id)).all())
    first, second, third = (row.pseudonym for row in rows)
    assert first == second != third
    known = read(database, lambda tx: subscriptions.pseudonym(tx.connection, tx.keyring, person(1)))
    assert known == first


def test_a_token_that_comes_twice_at_once_completes_once(database: Store) -> None:
    token = mint(database, asking(person(1)))

    def use(_: int) -> bool:
        def work(tx: Transaction) -> bool:
            found = tx.request(token)
            if found is None or found.state is not RequestState.OPEN:
                return False
            tx.apply([CloseRequest(request_id=found.id, state=RequestState.USED)], (), (), None)
            return True

        return write(database, work)

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(use, range(6))) == 1
