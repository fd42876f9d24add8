"""unsubscribe@: leaves everything, or the districts named (protocol 4.2, 4.3)."""

from handlers import districts, letters
from handlers.answering import to_mistaken, to_stranger, unanswerable
from handlers.asking import new_request
from handlers.leave import goodbye
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake, read_fields
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import Reader, RequestKind


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None or mail.automatic:
        return unanswerable(mail)
    codes: frozenset[str] = frozenset()
    if not wants_to_leave(mail):
        # 2.3  Letters that we cannot read are said, never guessed.
        if not mail.readable:
            text = letters.unreadable(mail.language, town)
            return to_mistaken(mail, verdict, reader, town, text, "unsubscribe:mistaken")
        fields = read_fields(mail, ("District",))
        if isinstance(fields, Mistake):
            text = letters.mistake(mail.language, town, fields)
            return to_mistaken(mail, verdict, reader, town, text, "unsubscribe:mistaken")
        chosen = districts.choose(fields.get("District", ""), town.districts)
        if chosen.unknown:
            text = letters.unknown_district(mail.language, town, chosen.unknown)
            return to_mistaken(mail, verdict, reader, town, text, "unsubscribe:mistaken")
        codes = frozenset(chosen.codes)

    # 4.2  The domain proves the author: at once.
    if verdict.author is not None and verdict.author == mail.author:
        return goodbye(mail, reader, town, mail.author, codes)
    # Otherwise the mailbox has to say so itself; the letter is the same whether or not it is registered.
    request = new_request(mail, town, RequestKind.CONFIRM_LEAVE, codes)
    text = letters.confirm_leaving(mail.language, town, codes)
    return to_stranger(mail, verdict, reader, town, text, "unsubscribe:pending", request)
