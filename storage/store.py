"""The one door to what is kept: a transaction that reads for a handler and applies its Outcome whole."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, assert_never

from sqlalchemy import Connection

from storage import (
    alerts,
    audit,
    bounces,
    canaries,
    counters,
    coverage,
    fanout,
    memory,
    mending,
    outbox,
    requests,
    schema,
    subscriptions,
)
from storage.engine import Database
from storage.keyring import Keyring
from storage.records import (
    Address,
    Alert,
    AlertContent,
    AuditEvent,
    Change,
    CloseRequest,
    EraseSubscription,
    Failures,
    LeaveClaim,
    Letter,
    Matched,
    NoteReturn,
    Quota,
    ReleaseAlert,
    RememberKey,
    RememberReplay,
    Request,
    RequestKind,
    ReviveSubscription,
    SaveAlert,
    SaveCoverage,
    SaveFailures,
    SaveSubscription,
    SaveWeather,
    StopAlert,
    Subscription,
    SuspendSubscription,
    Weather,
)

Result = TypeVar("Result")


@dataclass(slots=True)
class Transaction:
    """One transaction at one moment: the Reader of a handler, and the hand that applies what it decided."""

    connection: Connection
    keyring: Keyring = field(repr=False)
    now: datetime
    year: int  # whose key seals letters and alerts of this moment
    writes: bool = False  # what is read in order to be changed is then held against others until the commit

    # --- what handlers ask (records.Reader) -----------------------------------------------------

    def subscriptions(self, address: Address) -> Sequence[Subscription]:
        return subscriptions.find(self.connection, self.keyring, address, for_update=self.writes)

    def subscriber(self, claim: LeaveClaim) -> Subscription | None:
        return subscriptions.claimed(self.connection, self.keyring, claim, for_update=self.writes)

    def failures(self, claim: LeaveClaim) -> Failures:
        return bounces.failures(self.connection, claim)

    def weather(self, now: datetime) -> Weather:
        return bounces.weather(self.connection, now, lock=self.writes)

    def letters(self, quota: Quota, now: datetime) -> int:
        return memory.used(self.connection, self._quota_key(quota, now))

    def asked(self, address: Address, now: datetime) -> Sequence[RequestKind]:
        return requests.asked(self.connection, self.keyring, address, now)

    def open_requests(self, address: Address, now: datetime) -> int:
        return requests.open_for(self.connection, self.keyring, address, now)

    def matched(self, year: int, districts: Sequence[str]) -> Matched:
        return subscriptions.matched(self.connection, self.keyring.year(year), districts)

    def wording(self, digest: str) -> str | None:
        return memory.wording(self.connection, digest)

    def next_alert_number(self, year: int) -> int:
        return counters.value(self.connection, _alerts_of(year), lock=self.writes) + 1

    def alert(self, name: str) -> Alert | None:
        return alerts.named(self.connection, name, lock=self.writes)

    def follow_ups(self, first: Alert) -> Sequence[Alert]:
        return alerts.follow_ups(self.connection, first.id)

    def alert_content(self, alert: Alert) -> AlertContent:
        return alerts.content(self.connection, self.keyring, alert.id)

    def replayed(self, replay_key: bytes, now: datetime) -> str | None:
        return memory.replayed(self.connection, replay_key, now)

    def resembling(self, text_key: bytes, now: datetime) -> str | None:
        return memory.resembling(self.connection, text_key, now)

    def alerts_since(self, author: str, since: datetime) -> int:
        return memory.alerts_since(self.connection, author, since)

    def key_known(self, domain: str, fingerprint: str) -> bool:
        return memory.key_known(self.connection, domain, fingerprint)

    def restored_at(self) -> datetime | None:
        return mending.restored_at(self.connection)

    def keyed(self, purpose: str, data: bytes) -> bytes:
        if purpose == "text":  # dies with the year, as the text does
            return self.keyring.year(self.year).blind("text", data.hex())
        return self.keyring.own(purpose, data)

    # --- what the shell asks --------------------------------------------------------------------

    def request(self, token: str) -> Request | None:
        return requests.by_token(self.connection, self.keyring, token, for_update=self.writes)

    def apply(
        self, changes: Sequence[Change], letters: Sequence[Letter], events: Sequence[AuditEvent], mail_id: str | None
    ) -> None:
        """Does all that an Outcome says, and writes it to the audit. Names are taken before rows are erased."""
        names = {event.about: self._pseudonym(event.about) for event in events if event.about}
        for change in changes:
            self._change(change)
        for letter in letters:
            self._letter(letter)
        for event in events:
            subject = event.subject
            if event.about is not None:
                subject = names[event.about] or self._pseudonym(event.about)
            audit.append(self.connection, self.now, event.event, mail_id, subject, event.detail)

    def _change(self, change: Change) -> None:
        match change:
            case SaveSubscription():
                subscriptions.save(self.connection, self.keyring, change)
            case EraseSubscription(address=address, year=year):
                subscriptions.erase(self.connection, self.keyring, address, year)
            case CloseRequest():
                requests.close(self.connection, change)
            case SaveAlert(alert=alert):
                alerts.save(self.connection, self.keyring.year(alert.year), alert)
                memory.remember_replay(self.connection, alert.replay_key, alert.name, self.now)
                counters.save(self.connection, _alerts_of(alert.year), alert.number)
            case ReleaseAlert():
                alerts.release(self.connection, self.keyring, change, self.now)
            case StopAlert(name=name):
                alerts.stop(self.connection, name, self.now)
            case RememberKey(domain=domain, fingerprint=fingerprint):
                memory.remember_key(self.connection, domain, fingerprint, self.now)
            case RememberReplay(key=key, name=name):
                memory.remember_replay(self.connection, key, name, self.now)
            case SaveFailures():
                bounces.save(self.connection, change)
            case SuspendSubscription(claim=claim):
                bounces.suspend(self.connection, claim)
            case ReviveSubscription(address=address):
                bounces.revive(self.connection, self.keyring, address)
            case SaveWeather(weather=weather):
                bounces.save_weather(self.connection, weather)
            case NoteReturn(letter=letter):
                canaries.returned(self.connection, letter, self.now)
            case SaveCoverage(profile=profile):
                coverage.save(self.connection, profile, self.now)
            case _:
                assert_never(change)

    def _letter(self, letter: Letter) -> None:
        token = requests.mint(self.connection, self.keyring, letter.request) if letter.request else None
        year = letter.probe.year if letter.probe else self.year  # what is about a row dies with its year
        number = outbox.put(self.connection, self.keyring.year(year), letter, token, self.now)
        if letter.canary is not None:
            canaries.sent(self.connection, number, letter.canary, self.now)
        for quota in letter.counted:
            memory.use(self.connection, self._quota_key(quota, self.now), self.now)

    def _pseudonym(self, address: Address) -> str | None:
        return subscriptions.pseudonym(self.connection, self.keyring, address)

    def _quota_key(self, quota: Quota, now: datetime) -> bytes:
        """The counter of this day or hour, under a key that is not the year's; no name is stored."""
        span = now.strftime("%Y-%m-%d" if quota.scope in ("address", "probe") else "%Y-%m-%dT%H")
        return self.keyring.own("letters", f"{quota.scope}|{span}|{quota.name}".encode())


class Store:
    """The database and the keys together."""

    def __init__(self, database: Database, keyring: Keyring, year_of: Callable[[datetime], int]) -> None:
        self.database = database
        self.keyring = keyring
        self._year_of = year_of

    def prepare(self) -> None:
        """Brings the schema up to date and ends leases of a process that is gone. Call once, before serving."""
        if not self.database.write(schema.is_current).result():
            from storage.migrations import migrate  # its library takes time and room, and is seldom needed

            self.database.write(migrate).result()
        if self.database.exclusive:
            self.database.write(fanout.release_all).result()
            self.database.write(outbox.release_all).result()

    def write(self, now: datetime, work: Callable[[Transaction], Result]) -> "Future[Result]":
        """Runs the work in a transaction of its own; the future's result means: committed."""
        return self.database.write(lambda connection: work(self._transaction(connection, now, writes=True)))

    def read(self, now: datetime, work: Callable[[Transaction], Result]) -> Result:
        return self.database.read(lambda connection: work(self._transaction(connection, now)))

    def tidy(self, now: datetime) -> None:
        """Forgets what need not be remembered any longer, a key that another process has destroyed among it."""
        self.keyring.forget_gone()

        def work(connection: Connection) -> None:
            memory.forget_old(connection, now)
            requests.forget_old(connection, now)
            canaries.forget_old(connection, now)

        self.database.write(work).result()

    def close(self) -> None:
        self.database.close()

    def _transaction(self, connection: Connection, now: datetime, writes: bool = False) -> Transaction:
        return Transaction(connection, self.keyring, now, self._year_of(now), writes)


def _alerts_of(year: int) -> str:
    return f"alerts {year}"
