"""change@: sets the districts, or adds `+` and removes `-` some (protocol 2, 4.4)."""

import re
import unicodedata
from dataclasses import dataclass, field

from handlers import districts, letters, unsubscribe
from handlers.answering import to_holder, to_mistaken, to_stranger, unanswerable
from handlers.asking import new_request
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake, read_fields
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import Address, AuditEvent, Change, NewRequest, Reader, Request, RequestKind, SaveSubscription

PLUS = "+"
MINUS = "-−ー―‐"
SIGNED = re.compile(rf"(?:^|(?<=[\s,、・/]))([{re.escape(PLUS + MINUS)}])\s*([^\s,、・/{re.escape(PLUS)}]+)")


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None or mail.automatic:
        return unanswerable(mail)
    if wants_to_leave(mail):
        return unsubscribe.handle(mail, verdict, reader, town)
    # 2.3  Letters that we cannot read are said, never guessed.
    if not mail.readable:
        return to_mistaken(mail, verdict, reader, town, letters.unreadable(mail.language, town), "change:mistaken")
    fields = read_fields(mail, ("District",))
    if isinstance(fields, Mistake):
        return to_mistaken(mail, verdict, reader, town, letters.mistake(mail.language, town, fields), "change:mistaken")
    wish = read_wish(fields.get("District", ""), town)
    if isinstance(wish, tuple):
        text = letters.unknown_district(mail.language, town, wish)
        return to_mistaken(mail, verdict, reader, town, text, "change:mistaken")
    if wish is None:
        return to_mistaken(mail, verdict, reader, town, letters.change_how(mail.language, town), "change:mistaken")

    kind = RequestKind.CONFIRM_CHANGE
    request = new_request(mail, town, kind, wish.added, wish.removed, wish.replaces)
    # 4.2, 4.4  The domain proves the author: at once; otherwise the mailbox has to say so itself.
    if verdict.author is not None and verdict.author == mail.author:
        return apply(mail, reader, town, request, mail.author)
    text = letters.confirm_change(mail.language, town, request)
    return to_stranger(mail, verdict, reader, town, text, "change:pending", request)


def apply(
    mail: InboundMail,
    reader: Reader,
    town: Town,
    wish: NewRequest | Request,
    address: Address,
    changes: tuple[Change, ...] = (),
) -> Outcome:
    """Gives every row of the address what the wish leaves of it; a row keeps its number, and so its tokens."""
    held = reader.subscriptions(address)
    wanted = {each.year: after(each.districts, wish) for each in held}
    event = AuditEvent(event="change:done", about=address)
    if not held:
        return to_holder(mail, address, letters.not_registered(mail.language, town), None, changes)
    if not all(wanted.values()):
        return to_holder(mail, address, letters.change_leaves_nothing(mail.language, town), None, changes)
    saved = tuple(SaveSubscription(year=year, address=address, districts=codes) for year, codes in wanted.items())
    text = letters.changed(mail.language, town, wanted[held[0].year], held[-1].year)
    return to_holder(mail, address, text, event, (*changes, *saved))


def after(held: frozenset[str], wish: NewRequest | Request) -> frozenset[str]:
    return ((frozenset() if wish.replaces else held) | wish.districts) - wish.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a District value asks for in a change."""

    added: frozenset[str] = field(repr=False)
    removed: frozenset[str] = field(repr=False)
    replaces: bool


def read_wish(value: str, town: Town) -> Wish | tuple[str, ...] | None:
    """The wish; or the words that name no district; or None where nothing is asked for."""
    value = unicodedata.normalize("NFKC", value)
    signed = SIGNED.findall(value)
    plain = districts.choose(SIGNED.sub(" ", value), town.districts)
    added = districts.choose(" ".join(word for sign, word in signed if sign in PLUS), town.districts)
    removed = districts.choose(" ".join(word for sign, word in signed if sign in MINUS), town.districts)
    if unknown := (*plain.unknown, *added.unknown, *removed.unknown):
        return unknown
    if not (plain.codes or added.codes or removed.codes):
        return None
    replaces = bool(plain.codes)
    wanted = frozenset(plain.codes) | frozenset(added.codes)
    return Wish(added=wanted, removed=frozenset(removed.codes), replaces=replaces)
