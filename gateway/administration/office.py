"""What an action works with: the register, the settings, and the town as it is at this moment.

Staff come and go, and districts are renamed, without a restart: whoever needs the town asks for it each time.
"""

from collections.abc import Callable
from dataclasses import replace

from gateway.clock import Clock, system_clock
from gateway.config import load
from gateway.settings import Settings
from handlers.town import StaffMember, Town
from storage import staff
from storage.records import Enrolment
from storage.store import Store

Tell = Callable[[int, int, str], None]  # done, of how many, of what


class Refused(Exception):
    """An action says no. The message names the remedy and no address."""


class Office:
    """The running gateway as actions see it; without a server, the same over the bare register."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock = system_clock, wake: Callable[[], None] = lambda: None
    ) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.wake = wake
        self._town = settings.town

    def town(self) -> Town:
        """The town as it is now."""
        return self._town

    def refresh(self) -> None:
        """Takes over who was enrolled or removed by command, here or at another node."""
        kept = self.store.read(self.clock(), lambda tx: staff.enrolments(tx.connection, tx.keyring))
        self._town = replace(self.settings.town, staff=current_staff(self.settings.town.staff, kept))

    def reload(self) -> None:
        """Reads the configuration again, for its town. Raises ConfigError, and then all stays as it was."""
        self.settings = load(self.settings.path)
        self.refresh()


def current_staff(configured: tuple[StaffMember, ...], kept: dict[str, Enrolment | None]) -> tuple[StaffMember, ...]:
    """Those of the configuration but for the removed ones, and those enrolled by command."""
    enrolled = [each for each in kept.values() if each is not None]
    taken = {each.address for each in enrolled}
    stays = [one for one in configured if one.id not in kept and one.address not in taken]
    return (*stays, *(member(each) for each in enrolled))


def member(kept: Enrolment) -> StaffMember:
    return StaffMember(
        id=kept.id,
        address=kept.address,
        organisation=kept.organisation,
        districts=kept.districts,
        categories=kept.categories,
        may_release=kept.may_release,
        may_second=kept.may_second,
        keys=kept.keys,
    )
