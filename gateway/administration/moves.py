"""Districts that get another code: what happens in the register, while the gateway runs (protocol 8.5).

The list of districts is changed by the command between `begin` and `carry`; whichever of these was last done, the
gateway serves everybody and can be started. `carry` may be asked for again until it is done.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gateway import districts_counts
from gateway.administration.office import Office, Refused, Tell
from gateway.config import ConfigError
from storage import moves, staff
from storage.moves import Move
from storage.records import AuditEvent
from storage.store import Transaction

AT_ONCE = 200  # rows of a transaction; mail goes on in between
DONE = {"rename": "district:renamed", "merge": "district:merged"}
CARRYING = "登録を移しています / carrying registrations"


def begin(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Writes the move down, before the list changes."""
    move = Move(old=words["old"], new=words["new"], kind=words["kind"])
    return office.store.write(office.clock(), lambda transaction: _begun(transaction, move)).result()


def _begun(transaction: Transaction, move: Move) -> dict[str, Any]:
    other = moves.pending(transaction.connection)
    if other not in (None, move):
        raise Refused(f"{other.old} → {other.new} is not finished; finish it first, by the same command as before")
    moves.begin(transaction.connection, transaction.keyring, move, transaction.now)
    count = moves.registrations(transaction.connection, transaction.keyring, move)
    return {"registrations": districts_counts.grouped(count) if count else (0, 0)}


def take_list(office: Office, _words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """The configuration's list of districts is in force from now on."""
    try:
        office.reload()
    except ConfigError as error:
        raise Refused(str(error)) from None
    return {}


def carry(office: Office, words: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Carries everybody, once the list has the new code; tells of alerts that have to end before."""
    take_list(office, words, tell)
    codes = {district.code for district in office.town().districts}
    move = office.store.read(office.clock(), lambda transaction: moves.pending(transaction.connection))
    if move is None:
        return {"waiting_for": [], "done": True}
    if move.old in codes or move.new not in codes:
        raise Refused(f"the list of districts does not have {move.new} in place of {move.old}; run the command again")
    return carry_on(office, move, tell)


def carry_on(office: Office, move: Move, tell: Tell) -> dict[str, Any]:
    """One transaction after the other, until nobody is left behind."""
    waiting = office.store.write(office.clock(), lambda transaction: _prepared(transaction, move)).result()
    if waiting:
        return {"waiting_for": waiting, "done": False}
    office.refresh()
    total = office.store.read(office.clock(), lambda tx: moves.registrations(tx.connection, tx.keyring, move))
    done, ended = 0, False
    while not ended:
        while carried := _step(office, move):
            done += carried
            tell(min(done, total), total, CARRYING)
        _carry_requests(office, move)
        ended = office.store.write(office.clock(), lambda transaction: _ended(transaction, move)).result()
    return {"waiting_for": [], "done": True}


def _prepared(transaction: Transaction, move: Move) -> list[str]:
    """What has to be done at one stroke; the alerts that a merger waits for, and then nothing was done."""
    connection, keyring = transaction.connection, transaction.keyring
    moves.open_both(connection, keyring, move)
    # An alert to a merged district is its people's alone until it has ended; a renamed one's are the same people.
    if move.kind == "merge" and (names := moves.under_way(connection, move)):
        return names
    moves.carry_alerts(connection, move)
    for kept in staff.enrolments(connection, keyring).values():
        if kept is not None and move.old in kept.districts:
            carried = replace(kept, districts=tuple(move.applied(kept.districts)))
            staff.enrol(connection, keyring, carried, transaction.now)
    return []


def _step(office: Office, move: Move) -> int:
    def work(transaction: Transaction) -> int:
        return moves.carry_some(transaction.connection, transaction.keyring, move, AT_ONCE)

    return office.store.write(office.clock(), work).result()


def _carry_requests(office: Office, move: Move) -> None:
    def work(transaction: Transaction, after: int) -> int | None:
        return moves.carry_requests(transaction.connection, transaction.keyring, move, after, AT_ONCE)

    after: int | None = 0
    while after is not None:
        after = office.store.write(office.clock(), partial(work, after=after)).result()


def _ended(transaction: Transaction, move: Move) -> bool:
    if not moves.finish(transaction.connection, transaction.keyring, move):
        return False
    event = AuditEvent(event=DONE[move.kind], detail={"old": move.old, "new": move.new})
    transaction.apply((), (), (event,), None)
    return True
