"""help@: how to use the service; also where an answer to a relayed alert arrives, which nobody reads (protocol 1)."""

from handlers import letters, unsubscribe
from handlers.answering import ignored, to_stranger
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import Reader


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None or mail.automatic:
        return ignored(mail)
    if wants_to_leave(mail):
        return unsubscribe.handle(mail, verdict, reader, town)
    return to_stranger(mail, verdict, reader, town, letters.help_letter(mail.language, town), "help:sent")
