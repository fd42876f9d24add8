"""Whether a name and a password belong to a member of staff (protocol 7.2). Every no is alike, in words and in time."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gateway.submission import passwords
from gateway.submission.lockout import Lockout
from gateway.throttle import Refusals
from handlers import replies
from handlers.replies import Reply
from handlers.town import StaffMember, Town
from storage.records import Address

# One at a time: each takes 19 MiB and some of the processor.
FLOOR = 1.0  # seconds to a no, whatever it is for
_one_by_one = ThreadPoolExecutor(1, thread_name_prefix="passwords")


class Logins:
    """The door of the submission listener."""

    def __init__(self, town: Callable[[], Town], refusals: Refusals, now: Callable[[], float] = time.monotonic) -> None:
        self._town = town
        self._refusals = refusals
        self._lockout = Lockout()
        self._now = now

    async def login(self, name: str, password: bytes, network: str) -> StaffMember | Reply:
        """The member of staff, or the reply that refuses them."""
        began, name = self._now(), name.strip().lower()
        if self._lockout.waits(network, name, self._now()):
            self._refusals.note(network)
            return replies.LOGIN_LATER
        member = self._member(name)
        line = member.submission if member is not None and member.submission else passwords.NOBODY
        right = await asyncio.get_running_loop().run_in_executor(_one_by_one, passwords.fits, password, line)
        if right and member is not None and member.submission:
            self._lockout.succeeded(network, name)
            return member
        self._lockout.failed(network, name, self._now())
        self._refusals.note(network)
        await asyncio.sleep(FLOOR - (self._now() - began))
        return replies.LOGIN_REFUSED

    def report(self) -> None:
        """Hands over how many were refused, once a minute."""
        self._refusals.report()

    def _member(self, name: str) -> StaffMember | None:
        return self._town().staff_member(Address(name))
