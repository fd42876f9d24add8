"""A relay worker: opens addresses, splices copies and hands them to the next hop. It has no database.

It ends when the server that started it ends: the pipe closes, and whatever it was sending is left as it is.
"""

import asyncio
import gc
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
from gateway.relay.groups import Groups
from gateway.relay.handover import NextHop, Unreachable
from gateway.relay.nexthop import next_hop
from gateway.relay.pace import Pacer
from gateway.relay.pipe import Draft, Forget, Halt, Job, Letters, LettersDone, Orders, Outcome, Pipe, Report, Rows
from gateway.relay.queue import Parcel, Queue
from gateway.relay.several import Several

GARBAGE_OBJECTS = 20_000  # until the collector looks: a copy leaves no cycles behind, so it seldom finds any
FORGET_SECONDS = 60.0
NICENESS = 5  # the server, which takes mail in and records what went out, goes before the workers


class Worker:
    """The connections of one worker process, and two more for letters."""

    def __init__(self, orders: Orders, send: Callable[[object], None]) -> None:
        self._send = send
        self._copyist = Copyist(orders)
        self._drafts: dict[int, Draft] = {}
        self._editions: dict[int, Edition] = {}
        self._groups = Groups(orders.pace, orders.number, orders.workers, self._copyist, send)
        self._queue = Queue(self._copyist, send, self._elsewhere if orders.pace else None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._couriers: list[Courier] = []
        self._letter_hops = {False: route(orders, 0), True: route(orders, 0, second_way=True)}
        self._hire(orders)

    def _elsewhere(self, parcel: Parcel) -> bool:
        return self._groups.take(parcel, self._queue)

    def _hire(self, orders: Orders) -> None:
        """A courier for each connection."""
        pacer = Pacer(orders.rate / orders.workers)
        for number in range(orders.connections):
            hop = route(orders, number)
            self._employ(Courier(hop, self._queue, self._trouble, pacer=pacer, copies=orders.copies_per_connection))
        for group in self._groups.here.values():
            for number in range(group.pace.connections or orders.connections):
                hop = route(orders, number)
                self._employ(Courier(hop, group.queue, self._trouble, pacer=group.pacer, copies=group.pace.copies))

    def _employ(self, courier: Courier) -> None:
        self._couriers.append(courier)
        self._spawn(courier.run())

    def hear(self, job: Job) -> None:
        """Does what the server says, or begins it."""
        match job:
            case Rows():
                self._take(job)
            case Draft():
                self._drafts[job.alert_id] = job
            case Forget(alert_id=alert_id):
                self._drafts.pop(alert_id, None)
                self._editions.pop(alert_id, None)
            case Halt(run=run):
                for queue in self._queues():
                    queue.give_back(run)
            case Letters():
                self._spawn(self._letters(job))

    def forget_gone(self) -> None:
        """3.10  A worker may wait for months: it does not keep the key of a year that has ended meanwhile."""
        living = self._copyist.living()
        self._editions = {number: each for number, each in self._editions.items() if each.year in living}

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, rows: Rows) -> None:
        try:
            edition = self._edition(rows.alert_id)
        except Exception as error:  # without the year's key nothing of it can be made now
            untried = tuple(Outcome(rows.run, row.id, 0, "", False, "") for row in rows.rows)
            trouble = f"the relay worker cannot use the key of the alert's year: {type(error).__name__}"
            self._send(Report(outcomes=untried, trouble=trouble))
        else:
            self._queue.put(*(Parcel(rows.run, edition, row) for row in rows.rows))

    def _edition(self, alert_id: int) -> Edition:
        """Made when first asked for, and again where the key was not to be had. Raises KeyTrouble."""
        if alert_id not in self._editions:
            self._editions[alert_id] = self._copyist.edition(self._drafts[alert_id])
        return self._editions[alert_id]

    def _trouble(self, courier: Courier, why: str) -> bool:
        """Whether other connections still get through; if none does, all that waits goes back to the server."""
        if any(each.carrying for each in self._couriers if each is not courier):
            return True
        for queue in self._queues():
            queue.give_back(trouble=why)
        return False

    def _queues(self) -> list[Queue]:
        return [self._queue, *(group.queue for group in self._groups.here.values())]

    async def _letters(self, job: Letters) -> None:
        hop, way = self._letter_hops[job.second_way], job.second_way
        try:
            handovers = await hop.send([self._copyist.letter(each) for each in job.letters])
        except Unreachable as error:
            self._send(LettersDone(way, trouble=str(error)))
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            self._send(LettersDone(way, trouble=f"internal error in the relay worker: {type(error).__name__}"))
        else:
            self._send(LettersDone(way, tuple((each.code, each.unknown) for each in handovers)))


def route(orders: Orders, number: int, *, second_way: bool = False) -> NextHop:
    """The way of one connection: the smarthosts in their order, or, where they share, beginning with another each."""
    urls = [orders.smarthost, *orders.further]
    if second_way and orders.fallback:
        urls = [orders.fallback]
    elif orders.share:
        first = number % len(urls)
        urls = urls[first:] + urls[:first]
    hops = [next_hop(orders, url=url, name=orders.domain) for url in urls]
    return hops[0] if len(hops) == 1 else Several(hops)


async def main(descriptor: int) -> None:
    workers: list[Worker] = []

    def hear(value: object) -> None:
        if isinstance(value, Orders):
            workers.append(Worker(value, lambda each: pipe.send(each)))
        else:
            workers[0].hear(cast(Job, value))

    # When the server is gone, nothing more may leave.
    pipe = await Pipe.over(socket.socket(fileno=descriptor), hear, lambda: os._exit(0))
    while True:
        await asyncio.sleep(FORGET_SECONDS)
        for each in workers:
            each.forget_gone()


if __name__ == "__main__":
    # The server hears these signals, drains, and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hardening.protect()
    hardening.hush()
    log.configure()
    os.nice(NICENESS)
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(GARBAGE_OBJECTS)
    uvloop.run(main(int(sys.argv[1])))
