"""subscribe@, subscribe+DISTRICT@: asks to register (protocol 3.1, 3.3, 3.4)."""

from handlers import confirm, districts, letters, unsubscribe
from handlers.answering import to_mistaken, to_stranger, unanswerable, without_letter
from handlers.asking import new_request
from handlers.fields import NO, YES
from handlers.folding import fold
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake, read_fields
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import Reader, RequestKind

FIELDS = ("District", "Consent")


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None or mail.automatic:
        return unanswerable(mail)
    # 4.2  A word of leaving means leaving, here too.
    if wants_to_leave(mail):
        return unsubscribe.handle(mail, verdict, reader, town)
    # 2.3  Letters that we cannot read are said, never guessed.
    if not mail.readable:
        return to_mistaken(mail, verdict, reader, town, letters.unreadable(mail.language, town), "subscribe:mistaken")

    # 2.3  What is not understood: nothing is done, and the letter says which line and what would be right.
    fields = read_fields(mail, FIELDS)
    if isinstance(fields, Mistake):
        return to_mistaken(
            mail, verdict, reader, town, letters.mistake(mail.language, town, fields), "subscribe:mistaken"
        )
    chosen = districts.choose(f"{mail.route.tag} {fields.get('District', '')}", town.districts)
    if chosen.unknown:
        text = letters.unknown_district(mail.language, town, chosen.unknown)
        return to_mistaken(mail, verdict, reader, town, text, "subscribe:mistaken")

    consent = fold(fields.get("Consent", "")).rstrip("。.! ")
    if consent not in YES | NO:
        text = letters.mistake(mail.language, town, Mistake(kind="value", allowed=FIELDS, name="Consent"))
        return to_mistaken(mail, verdict, reader, town, text, "subscribe:mistaken")

    # 3.3  Nothing said, or not agreed yet: the form.
    if not chosen.codes or consent not in YES:
        return send_form(mail, verdict, reader, town)

    # 3.4  Writing again is harmless.
    years = town.calendar.open_years(mail.received_at)
    # 6.9  Whom nothing reached is told so by no unproven mail: they confirm, as if they were new.
    proven = verdict.author == mail.author
    registered = [each for each in reader.subscriptions(mail.author) if proven or not each.suspended]
    held = {subscription.year: subscription.districts for subscription in registered}
    if all(set(chosen.codes) <= held.get(year, frozenset()) for year in years):
        text = letters.already(mail.language, town, held[years[0]], years[-1])
        return to_stranger(mail, verdict, reader, town, text, "subscribe:repeated")
    request = new_request(mail, town, RequestKind.CONFIRM_SUBSCRIBE, frozenset(chosen.codes))
    # 3.8  The domain proves the author, and the town asks for no more: at once.
    if town.confirm == "unproven" and verdict.author == mail.author:
        return confirm.register(mail, reader, town, request, mail.author, request.districts, "proven")
    if reader.open_requests(mail.author, mail.received_at) >= town.pending_per_address:
        return without_letter(mail, "requests-open")

    # 3.1  Pending, and a letter that a reply completes.
    text = letters.confirm(mail.language, town, mail.author, chosen.codes, years[-1])
    return to_stranger(mail, verdict, reader, town, text, "subscribe:pending", request)


def send_form(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    """3.3  The terms and the numbered list; its answer is both the choice and the consent."""
    assert mail.author is not None
    request = new_request(mail, town, RequestKind.FORM)
    text = letters.form(mail.language, town, mail.author, town.calendar.open_years(mail.received_at)[-1])
    return to_stranger(mail, verdict, reader, town, text, "form:sent", request)
