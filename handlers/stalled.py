"""A running alert that no longer gets through: its author and the administrator are told over another path (5.12)."""

from handlers.outcome import Outcome
from handlers.staff_letters import counted
from handlers.town import Language, Town
from handlers.wording import local_time, write
from storage.records import Address, Alert, AuditEvent, Letter


def stalled(alert: Alert, town: Town, minutes: int) -> Outcome:
    """The letters go by the second path, for the ordinary one is what does not work."""
    detail = {"matched": alert.matched, "relayed": alert.relayed, "failed": alert.failed, "minutes": minutes}
    event = AuditEvent(event="alert:stalled", subject=alert.name, detail=detail)
    language: Language = "en" if alert.language == "en" else "ja"
    author = next((member.address for member in town.staff if member.id == alert.author), None)
    people: dict[Address, Language] = {}
    if town.admin is not None:
        people[town.admin] = town.language
    if author is not None:
        people[author] = language
    return Outcome(
        audit=(event,), letters=tuple(_letter(to, each, alert, town, minutes) for to, each in people.items())
    )


def _letter(to: Address, language: Language, alert: Alert, town: Town, minutes: int) -> Letter:
    text = write(
        language,
        "stalled",
        town,
        name=alert.name,
        minutes=minutes,
        matched=counted(language, alert.matched),
        relayed=counted(language, alert.relayed),
        missing=counted(language, max(0, alert.matched - alert.relayed - alert.failed)),
        expires=local_time(language, town, alert.expires_at),
    )
    return Letter(to=to, subject=text.subject, text=text.body, local_part="alert", urgent=True, second_way=True)
