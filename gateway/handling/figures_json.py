"""The report for programs: the same numbers under fixed names (protocol 8.7)."""

from typing import Any

from gateway.handling import event_words
from gateway.handling.figures import Figures, by_organisation
from gateway.handling.people import MOVES
from gateway.handling.small_groups import LEAST
from storage.clock import moment


def as_value(figures: Figures) -> dict[str, Any]:
    """One JSON value."""
    counted, merged = figures.counted, figures.districts
    months = figures.months
    return {
        "period": {"first": str(figures.period.first), "last": str(figures.period.last)},
        "made_at": figures.made_at.isoformat(),
        "organisation": figures.settings.gateway.organisation,
        "registrations": {
            **figures.standing,
            "agrees_with_audit": figures.agrees,
            "months": {month: {move: counted.people.moves[month][move] for move in MOVES} for month in months},
        },
        "districts": {
            "counts": merged.shown,
            "together": {"codes": list(merged.together), "count": merged.sum, "under": LEAST}
            if merged.together
            else None,
        },
        "organisations": [
            {"name": name, "staff": staff, "may_release": release, "may_second": second}
            for name, staff, release, second in by_organisation(figures.staff)
        ],
        "alerts": {
            "categories": {code: dict(row) for code, row in counted.postings.by_category().items()},
            "months": {month: counted.postings.by_month()[month] for month in months},
            "follow_ups": dict(counted.postings.by_relation()),
            **counted.postings.handling(),
            "drills": counted.events["drill:sent"],
        },
        "refusals": [
            {"event": event, "cause": cause, "kind": event_words.cause(cause).en, "count": count}
            for (event, cause), count in sorted(counted.causes.items())
        ],
        "connections_refused": counted.sums["connection:refused", "count"],
        "letters": {"waiting": figures.letters_waiting, "renewal": counted.sums["renewal:sent", "letters"]},
        "events": dict(sorted(counted.events.items())),
        **_safeguards(figures),
    }


def _safeguards(figures: Figures) -> dict[str, Any]:
    calendar, last = figures.period.calendar, figures.counted.last
    return {
        "terms": [
            {"version": one.version, "sha256": one.digest, "since": one.since.isoformat()} for one in figures.wordings
        ],
        "keys": [
            {
                "name": one.name,
                "id": one.id,
                "made_at": one.made_at.isoformat() if one.made_at else None,
                "destroyed_at": one.destroyed_at.isoformat() if one.destroyed_at else None,
            }
            for one in figures.keys
        ],
        "retention": {str(year): str(calendar.last_day(year)) for year in calendar.open_years(figures.made_at)},
        "destroyed": [entry.value() for entry in figures.counted.acts if entry.event == "year:destroyed"],
        "audit": {
            "entries": last.seq if last else 0,
            "whole": figures.verified.fault is None,
            "checkpoints": figures.verified.checkpoints,
            "signed": figures.verified.signed,
            "public_key": figures.audit_key,
            "last_checkpoint": {
                "number": checkpoint.number,
                "entries": checkpoint.size,
                "made_at": moment(checkpoint.made_at).isoformat(),
                "note": checkpoint.note,
            }
            if (checkpoint := figures.checkpoint)
            else None,
            "last_link": figures.last_chain,
        },
        "versions": dict(figures.versions),
    }
