"""/leave/TOKEN: RFC 8058 one-click unsubscribe, and a page with one button for people (protocol 4.5).

Only a POST that says `List-Unsubscribe=One-Click` leaves. It does what a mail to leave+TOKEN@ does, by that handler.
"""

import asyncio
import re
import time
from email import message_from_bytes
from urllib.parse import parse_qs

from gateway.administration.office import Office
from gateway.dispatch import new_mail_id
from gateway.web.message import NOT_ALLOWED, Request, Response
from gateway.web.pages import Pages
from handlers import leave
from handlers.mail import InboundMail, Route, Verdict
from storage import tokens
from storage.records import LeaveClaim
from storage.store import Transaction

MOST_FIELDS = 20
PATH = re.compile(r"/leave/([a-z2-7]{1,100})")  # base32, as YearKey.token writes it
FIELD, WORD = "List-Unsubscribe", "One-Click"  # RFC 8058, 3.1


class Leaving:
    """Answers for every path below /leave/."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._floor = office.settings.limits.answer_floor_milliseconds / 1000
        self._pages = Pages(office.settings.town)

    async def answer(self, request: Request) -> Response:
        """The page, and for the right POST the deed. Living and erased registrations are answered alike."""
        found = PATH.fullmatch(request.path)
        claim = await asyncio.to_thread(tokens.claim, self._office.store.keyring, "leave", found[1]) if found else None
        if found is None or claim is None:
            return self._pages.unknown
        match request.method:
            case "GET" | "HEAD":
                return self._pages.question
            case "POST" if one_click(request):
                await self._leave(found[1], claim)
                return self._pages.done
            case "POST":
                return self._pages.question_again
            case _:
                return NOT_ALLOWED

    async def _leave(self, token: str, claim: LeaveClaim) -> None:
        started, now, number = time.monotonic(), self._office.clock(), new_mail_id()
        route = Route(command="leave", tag=token)
        mail = InboundMail(
            id=number, received_at=now, route=route, sender=None, author=None, subject="", body="", text=""
        )

        def work(transaction: Transaction) -> None:
            outcome = leave.handle(mail, Verdict(claim=claim), transaction, self._office.town())
            transaction.apply(outcome.changes, outcome.letters, outcome.audit, number)

        await asyncio.wrap_future(self._office.store.write(now, work))
        self._office.wake()
        # 4.3  The time of an answer does not tell whether there was somebody to erase.
        await asyncio.sleep(self._floor - (time.monotonic() - started))


def one_click(request: Request) -> bool:
    """Whether the body says what RFC 8058 wants, in either of its two forms."""
    media = request.headers.get("content-type", ("",))[0]
    match media.partition(";")[0].strip().lower():
        case "application/x-www-form-urlencoded":
            return _in_fields(request.body.decode("latin-1"))
        case "multipart/form-data":
            return _in_parts(media, request.body)
        case _:
            return False


def _in_fields(text: str) -> bool:
    try:
        return parse_qs(text, max_num_fields=MOST_FIELDS).get(FIELD) == [WORD]
    except ValueError:  # more of them than any mail program sends
        return False


def _in_parts(media: str, body: bytes) -> bool:
    form = message_from_bytes(b"Content-Type: %s\r\n\r\n%s" % (media.encode("latin-1"), body))
    return any(
        part.get_param("name", header="content-disposition") == FIELD and str(part.get_payload()).strip() == WORD
        for part in form.walk()
        if not part.is_multipart()
    )
