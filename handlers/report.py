"""What follows when an alert has ended: the audit knows, and its author gets the delivery report (protocol 5.6)."""

from handlers import staff_letters
from handlers.outcome import Outcome
from handlers.town import Town
from storage.records import Alert, AuditEvent, Delivered, Letter

EVENTS = {"relayed": "alert:relayed", "expired": "alert:expired", "stopped": "alert:stopped"}


def ended(alert: Alert, town: Town, delivered: Delivered | None = None) -> Outcome:
    """The audit event and the letter; no letter where its author is no longer enrolled."""
    counts = {"matched": alert.matched, "relayed": alert.relayed, "failed": alert.failed, "waiting": alert.waiting}
    event = AuditEvent(event=EVENTS[alert.state.value], subject=alert.name, detail=counts)
    author = town.member(alert.author)
    if author is None:
        return Outcome(audit=(event,))
    text = staff_letters.alert_report(alert.language, town, alert, delivered)
    letter = Letter(to=author.address, subject=text.subject, text=text.body, local_part="alert")
    return Outcome(audit=(event,), letters=(letter,))
