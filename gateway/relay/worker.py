"""A relay worker: opens addresses, splices copies and hands them to the next hop. It has no database.

It ends when the server that started it ends: the pipe closes, and whatever it was sending is left as it is.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import cast

import uvloop

from gateway import hardening, log
from gateway.relay.copies import Copyist, Edition
from gateway.relay.courier import Courier
from gateway.relay.handover import Unreachable
from gateway.relay.nexthop import next_hop
from gateway.relay.pipe import Draft, Forget, Halt, Job, Letters, LettersDone, Orders, Outcome, Pipe, Report, Rows
from gateway.relay.queue import Queue


class Worker:
    """The connections of one worker process, and one more for letters."""

    def __init__(self, orders: Orders, send: Callable[[object], None]) -> None:
        self._send = send
        self._copyist = Copyist(orders)
        self._editions: dict[int, Edition] = {}
        self._queue = Queue(self._copyist, send)
        hops = [next_hop(orders, name=orders.domain) for _ in range(orders.connections)]
        self._couriers = [Courier(hop, self._queue, self._trouble) for hop in hops]
        self._letter_hop = next_hop(orders, name=orders.domain)
        self._tasks: set[asyncio.Task[None]] = set()
        for courier in self._couriers:
            self._spawn(courier.run())

    def hear(self, job: Job) -> None:
        """Does what the server says, or begins it."""
        match job:
            case Rows():
                self._take(job)
            case Draft():
                self._learn(job)
            case Forget(alert_id=alert_id):
                self._editions.pop(alert_id, None)
            case Halt(run=run):
                self._queue.give_back(run)
            case Letters():
                self._spawn(self._letters(job))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _learn(self, draft: Draft) -> None:
        try:
            self._editions[draft.alert_id] = self._copyist.edition(draft)
        except Exception as error:  # without the year's key nothing of it can be made
            self._send(Report(trouble=f"the relay worker cannot use the key of {draft.year}: {type(error).__name__}"))

    def _take(self, rows: Rows) -> None:
        edition = self._editions.get(rows.alert_id)
        if edition is not None:
            self._queue.put(rows, edition)
            return
        untried = tuple(Outcome(rows.run, row.id, 0, "", False, "") for row in rows.rows)
        self._send(Report(untried, trouble="the relay worker does not know the alert"))

    def _trouble(self, courier: Courier, why: str) -> bool:
        """Whether other connections still get through; if none does, all that waits goes back to the server."""
        if any(each.carrying for each in self._couriers if each is not courier):
            return True
        self._queue.give_back(trouble=why)
        return False

    async def _letters(self, job: Letters) -> None:
        try:
            handovers = await self._letter_hop.send([self._copyist.letter(each) for each in job.letters])
        except Unreachable as error:
            self._send(LettersDone(trouble=str(error)))
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            self._send(LettersDone(trouble=f"internal error in the relay worker: {type(error).__name__}"))
        else:
            self._send(LettersDone(tuple((each.code, each.unknown) for each in handovers)))


async def main(descriptor: int) -> None:
    workers: list[Worker] = []

    def hear(value: object) -> None:
        if isinstance(value, Orders):
            workers.append(Worker(value, lambda each: pipe.send(each)))
        else:
            workers[0].hear(cast(Job, value))

    # When the server is gone, nothing more may leave.
    pipe = await Pipe.over(socket.socket(fileno=descriptor), hear, lambda: os._exit(0))
    await asyncio.Event().wait()


if __name__ == "__main__":
    # The server hears these signals, drains, and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hardening.protect()
    log.configure()
    uvloop.run(main(int(sys.argv[1])))
