"""A relay worker: opens addresses, splices copies and hands them to the next hop. It has no database.

It ends when the server that started it ends: the pipe closes, and whatever it was sending is left as it is.
"""

import asyncio
import hashlib
import os
import signal
import socket
import sys
from datetime import datetime
from pathlib import Path

from gateway import hardening, log
from gateway.config import load
from gateway.relay.compose import Prepared, letter
from gateway.relay.handover import Copy, NextHop, Unreachable
from gateway.relay.nexthop import next_hop
from gateway.relay.pipe import CopiesJob, Done, LettersJob, Pipe
from gateway.relay.signing import Signer
from gateway.settings import Settings
from storage import outbox
from storage.fanout import Recipient
from storage.keyring import Keyring, YearKey
from storage.outbox import Waiting
from storage.records import Address
from storage.subscriptions import place

FORGET_SECONDS = 60.0


class Worker:
    """The slots of one worker process: a next-hop connection each."""

    def __init__(self, settings: Settings, pipe: Pipe) -> None:
        self._settings = settings
        self._pipe = pipe
        self._domain = settings.gateway.domain
        self._keyring = Keyring(settings.keys.directory, settings.keys.kek)
        self._hops: dict[int, NextHop] = {}
        self._prepared: dict[int, Prepared] = {}
        self._signer = signer(settings)
        self._jobs: set[asyncio.Task[None]] = set()

    async def forget(self) -> None:
        """3.10  A worker may wait for months: it does not keep the key of a year that has ended meanwhile."""
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            self._keyring.forget_gone()

    async def run(self) -> None:
        """Works off jobs until the server closes the pipe."""
        while True:
            job = await self._pipe.receive()
            assert isinstance(job, CopiesJob | LettersJob)
            task = asyncio.create_task(self._work(job))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def _work(self, job: CopiesJob | LettersJob) -> None:
        hop = self._hops.setdefault(job.slot, next_hop(self._settings.relay, name=self._domain))
        try:
            copies = self._copies(job) if isinstance(job, CopiesJob) else [self._letter(each) for each in job.letters]
            handovers = await hop.send(copies)
        except Unreachable as error:
            self._pipe.send(Done(job.slot, trouble=str(error)))
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            self._pipe.send(Done(job.slot, trouble=f"internal error in the relay worker: {type(error).__name__}"))
        else:
            self._pipe.send(Done(job.slot, handovers=tuple(handovers)))

    def _copies(self, job: CopiesJob) -> list[Copy]:
        if job.prepared is not None:
            self._prepared[job.alert_id] = job.prepared
        prepared, key = self._prepared[job.alert_id], self._keyring.year(job.year)
        return [self._copy(prepared, key, job, recipient) for recipient in job.recipients]

    def _copy(self, prepared: Prepared, key: YearKey, job: CopiesJob, recipient: Recipient) -> Copy:
        to = self._wire(Address(key.open(place("address", recipient.uuid), recipient.address).decode()))
        number = self._message_id(key, job.alert_id, recipient.id)
        # 5.7  What this same reader got first.
        first = self._message_id(key, job.first_alert, recipient.id) if job.first_alert is not None else ""
        message = prepared.copy(to, number, key.token("leave", recipient.id), first)
        sender = f"bounce+{key.token('bounce', recipient.id)}@{self._domain}"
        return Copy(sender, to, self._signer.sign(message) if self._signer else message)

    def _message_id(self, key: YearKey, alert_id: int, row: int) -> str:
        """5.9  The same whenever it is asked for: a copy that goes out again has it again."""
        return f"<{key.blind('copy', f'{alert_id}|{row}').hex()[:32]}@{self._domain}>"

    def _wire(self, address: Address) -> str:
        """Stray dots are quoted, except for a carrier that wants them as they are."""
        return address.canonical if address.domain in self._settings.relay.unquoted_domains else address.wire

    def _letter(self, waiting: Waiting) -> Copy:
        opened = outbox.opened(self._keyring, waiting)
        to = self._wire(opened.to)
        key = self._keyring.year(waiting.year)
        returns = key.token("letter", waiting.id) if waiting.probe_of is None else key.token("probe", waiting.probe_of)
        sender = f"bounce+{returns}@{self._domain}"
        address = f"{opened.local_part}@{self._domain}"
        message = letter(
            from_address=address,
            display_name=self._settings.gateway.organisation,
            to=to,
            subject=opened.subject,
            text=opened.text,
            message_id=f"<{hashlib.sha256(b'letter' + waiting.uuid).hexdigest()[:32]}@{self._domain}>",
            date=datetime.fromisoformat(opened.written_at),
            in_reply_to=opened.in_reply_to,
            reply_to=address,
            attached=opened.attached,
        )
        return Copy(sender, to, self._signer.sign(message) if self._signer else message)


def signer(settings: Settings) -> Signer | None:
    """5.9  Our own DKIM signature, when it is configured."""
    relay = settings.relay
    if not relay.dkim_selector or relay.dkim_key is None:
        return None
    return Signer(relay.dkim_selector, settings.gateway.domain, relay.dkim_key.read_bytes())


async def main(config: Path, descriptor: int) -> None:
    pipe = await Pipe.over(socket.socket(fileno=descriptor))
    worker = Worker(load(config), pipe)
    forgetting = asyncio.create_task(worker.forget())
    try:
        await worker.run()
    except (asyncio.IncompleteReadError, ConnectionError):
        forgetting.cancel()
        os._exit(0)  # the server is gone: nothing more may leave


if __name__ == "__main__":
    # The server hears these signals, drains, and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hardening.protect()
    hardening.hush()
    log.configure()
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
