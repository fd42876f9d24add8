"""What the command `year end` may do: end a year that is over, or, told so in full, one that is not (protocol 3.10)."""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from gateway.open_years import ready_years
from gateway.year_end.due import absence, doubtful, due_years, note_seen, too_soon
from gateway.year_end.ending import end_year
from storage import years
from storage.store import Transaction


def end(office: Office, words: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Destroys the year; the facts that stand in its certificate."""
    year: int = words["year"]
    early, believed = bool(words.get("early")), bool(words.get("clock"))
    over = office.store.write(office.clock(), lambda tx: _allowed(tx, office, year, early, believed)).result()
    run = end_year(office, year, early=not over, tell=tell)
    return {"year": year, "early": run.early, "rows": run.facts["rows"], "key": run.facts["key"]}


def _allowed(transaction: Transaction, office: Office, year: int, early: bool, believed: bool) -> bool:
    """Whether the year is over. Raises Refused where it may not be ended by these words."""
    calendar = office.town().calendar
    due = due_years(transaction, calendar)
    if year not in due and year not in (*transaction.keyring.years(), *years.with_rows(transaction.connection)):
        raise Refused(f"nothing is held of {year}; `mimamori year end --dry-run` shows what is")
    if year not in due and not early:
        raise Refused(f"{year} ends on {calendar.last_day(year)}; to end it now, add --before-its-date")
    if year in due and doubtful(transaction) and not believed:
        days = absence(transaction).days
        raise Refused(f"the gateway was away for {days} days by this clock; if it is right, add --the-clock-is-right")
    soon = year in due and too_soon(transaction, calendar, year)
    if soon and not early:
        raise Refused(f"residents were told that {year} runs longer; to end it now, add --before-its-date")
    note_seen(transaction)
    ready_years(transaction, office.settings)
    return year in due and not soon
