"""Districts whose registrants are still on their way: a merger waits for running alerts, a server was stopped (8.5)."""

import asyncio

from gateway.administration import moves as administration
from gateway.administration.office import Office
from storage import moves
from storage.moves import Move

WAITING_SECONDS = 2.0
IDLE_SECONDS = 600.0


class Moves:
    name = "moves"
    hears = True  # a command may have begun one

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        """Goes on with what a command began, once the list of districts has the new code."""
        return await asyncio.to_thread(self._turn)

    def _turn(self) -> float:
        office = self._office
        move = office.store.read(office.clock(), lambda transaction: moves.pending(transaction.connection))
        if move is None:
            return IDLE_SECONDS
        if self._ready(move):
            administration.carry_on(office, move, lambda _done, _total, _what: None)
        return WAITING_SECONDS

    def _ready(self, move: Move) -> bool:
        codes = {district.code for district in self._office.town().districts}
        return move.new in codes and move.old not in codes
