"""What is done to a register that was put back from a backup, before anybody is served from it (protocol 8.6).

No old alert goes out, no old letter, nobody's row without its key stays, and who has left since leaves again.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from storage import alerts, counters, subscriptions
from storage.clock import micros, moment
from storage.keyring import Keyring, Place
from storage.records import Alert, AlertState
from storage.tables import alert, audience, audience_district, chunk, letter, request, subscription
from storage.tables import audit as log

UNKNOWN = "leavers unknown since"  # the counter that `check` looks at: the time of a backup, or 0
RESTORED = "restored at"
OF_A_YEAR = (chunk, alert, letter, request, subscription)  # in this order, since rows point at rows
AT_ONCE = 500  # names of a statement


def drop_years(connection: Connection, keyring: Keyring) -> dict[int, int]:
    """Deletes the rows of every year whose key is gone: nobody can ever read them. How many, by year."""
    kept = keyring.years()
    gone: dict[int, int] = {}
    for table in OF_A_YEAR:
        counted = select(table.c.year, func.count()).where(table.c.year.not_in(kept)).group_by(table.c.year)
        for year, count in connection.execute(counted).all():
            gone[year] = gone.get(year, 0) + count
        connection.execute(delete(table).where(table.c.year.not_in(kept)))
    dead = select(audience.c.id).where(audience.c.year.not_in(kept))
    connection.execute(delete(audience_district).where(audience_district.c.audience_id.in_(dead)))
    connection.execute(delete(audience).where(audience.c.year.not_in(kept)))
    return gone


def try_keys(connection: Connection, keyring: Keyring) -> None:
    """Opens a row of each year. Raises KeyTrouble where the keys are those of another register."""
    sealed = (
        (subscription, subscription.c.address, "address"),
        (request, request.c.body, "body"),
        (letter, letter.c.body, "body"),
        (alert, alert.c.body, "body"),
    )
    for year in keyring.years():
        key = keyring.year(year)
        for table, column, name in sealed:
            query = select(table.c.uuid, column).where(table.c.year == year, column.is_not(None)).limit(1)
            if (row := connection.execute(query).first()) is not None:
                key.open(Place(table.name, name, row[0]), row[1])


def stop_alerts(connection: Connection, now: datetime) -> list[Alert]:
    """Ends whatever was held or under way; returns it as it ended."""
    states = (AlertState.RELAYING.value, AlertState.HELD.value)
    open_ones = alert.c.state.in_(states) | alert.c.finished_at.is_(None)
    numbers = list(connection.scalars(select(alert.c.id).where(open_ones)))
    mine = alert.c.id.in_(numbers)
    values = {"state": AlertState.STOPPED.value, "finished_at": micros(now)}
    connection.execute(update(alert).where(mine).values(values))
    done = {"state": "done", "lease_until": 0, "fence": chunk.c.fence + 1}
    connection.execute(update(chunk).where(chunk.c.alert_id.in_(numbers)).values(done))
    return [one for number in numbers for one in alerts.alerts(connection, number)]


def drop_letters(connection: Connection) -> int:
    """Deletes every letter that waits: it may have gone out already. Requests stay, so that answers still count."""
    return connection.execute(delete(letter)).rowcount


def remove(connection: Connection, pseudonyms: Collection[str]) -> list[str]:
    """Erases those who go by these names, and what their requests knew of them; returns the names that were there."""
    names, found = sorted(pseudonyms), set()
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        mine = subscription.c.pseudonym.in_(some)
        for row in connection.execute(select(subscription).where(mine)).all():
            found.add(row.pseudonym)
            if row.state == "active":
                subscriptions.count_audience(connection, row.audience_id, -1)
        connection.execute(delete(subscription).where(mine))
        asked = request.c.pseudonym.in_(some) & (request.c.kind != "release")
        connection.execute(update(request).where(asked).values(address_index=None, body=None, state="used"))
    return sorted(found)


def go_on_from(connection: Connection, numbers: Mapping[int, int]) -> None:
    """No number of an alert is given twice: the last of each year that was given before the register was put back."""
    for year, last in numbers.items():
        name = f"alerts {year}"
        counters.save(connection, name, max(last, counters.value(connection, name, lock=True)))


def note_unknown(connection: Connection, since: datetime | None) -> None:
    """Notes that those who left since then may be back; or, with None, that nobody is."""
    counters.save(connection, UNKNOWN, micros(since) if since is not None else 0)


def unknown_since(connection: Connection) -> int:
    """The moment of `note_unknown` in microseconds, 0 where nobody is unknown."""
    return counters.value(connection, UNKNOWN)


def note_restored(connection: Connection, now: datetime) -> None:
    """8.6  What was accepted between the backup and now is not remembered, and could be sent to us again."""
    counters.save(connection, RESTORED, micros(now))


def restored_at(connection: Connection) -> datetime | None:
    """When the register was last put back; None where it never was."""
    found = counters.value(connection, RESTORED)
    return moment(found) if found else None


def entry(connection: Connection, seq: int) -> dict[str, object] | None:
    """The audit log's entry of that number."""
    text = connection.scalar(select(log.c.entry).where(log.c.seq == seq))
    found: dict[str, object] | None = json.loads(text) if text is not None else None
    return found
