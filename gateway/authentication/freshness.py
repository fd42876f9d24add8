"""Whether a mail is of now: the signed Date, and what the signature says of its own time (protocol 5.1).

DKIM has no notion of replay; a narrow window here and the replay key of 5.8 stand in for it.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from gateway.authentication.causes import Cause
from gateway.authentication.lint import Message
from gateway.authentication.signatures import Signature

OLDEST = timedelta(hours=24)
AHEAD = timedelta(minutes=10)  # clocks are not all right
LONGEST_DATE = 128  # characters; a Date with its comment has about 40


def of_mail(message: Message, now: datetime) -> Cause | None:
    """Why the Date or the Message-ID does not allow the mail, or None."""
    date, message_id = message.first("date"), message.first("message-id")
    if date is None or message_id is None or not message_id.line:
        return Cause.FIELD_MISSING
    moment = _moment(date.line)
    return Cause.DATE_GRAMMAR if moment is None else _within(moment.timestamp(), now.timestamp())


def of_signature(signature: Signature, now: datetime) -> Cause | None:
    """Why t= or x= does not allow the signature, or None. There is no grace after x=."""
    seconds = now.timestamp()
    if signature.expires_at is not None and signature.expires_at < seconds:
        return Cause.SIGNATURE_EXPIRED
    if signature.signed_at is None:
        return None
    return _within(signature.signed_at, seconds)


def _within(seconds: float, now: float) -> Cause | None:
    if seconds < now - OLDEST.total_seconds():
        return Cause.TOO_OLD
    return Cause.IN_FUTURE if seconds > now + AHEAD.total_seconds() else None


def _moment(line: str) -> datetime | None:
    if len(line) > LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(line)
        # -0000 says that the zone is not known, not that there is no moment (RFC 5322, 3.3).
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
