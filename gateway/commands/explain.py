"""`mimamori explain MAIL.eml --to ADDRESS`: the real handler on a real mail, and its Outcome thrown away."""

import argparse
import asyncio
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from gateway import hardening
from gateway.authentication.pipeline import TryLater
from gateway.authentication.resolver import Resolver
from gateway.commands import showing
from gateway.config import load
from gateway.dispatch import claim_of, decide, public_verdict, staff_verdict
from gateway.gate import Peer
from gateway.ground import open_store, prepare
from gateway.settings import Settings
from handlers import replies, routes
from handlers.mail import Route, Verdict
from handlers.outcome import Outcome
from handlers.reading import read
from storage.engine import StorageTrouble
from storage.keyring import Keyring
from storage.store import Store

LINE_END = re.compile(rb"\r?\n")


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    settings = load(arguments.config)
    if not Path(arguments.mail).is_file():
        print(f"mimamori: {arguments.mail}: no such file; name a mail that was saved as a file", file=sys.stderr)
        return 2
    raw = LINE_END.sub(b"\r\n", Path(arguments.mail).read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        store = readable_store(settings, Path(folder))
        try:
            outcome = asyncio.run(explain(settings, store, raw, arguments.to, arguments.sender))
        finally:
            store.close()
    if arguments.json:
        showing.as_json(facts(outcome))
    else:
        print(story(outcome))
    return 0 if outcome.reply.accepted else 1


def readable_store(settings: Settings, folder: Path) -> Store:
    """The gateway's own database, only read; where there is none yet, an empty one in a folder that goes away."""
    try:
        return open_store(settings, read_only=True)
    except StorageTrouble as error:
        print(f"mimamori: {error}; going on as if nobody were registered", file=sys.stderr)
    from storage.engine import open_database

    database = open_database(f"sqlite:///{folder}/empty.db")
    store = Store(database, Keyring(settings.keys.directory, settings.keys.kek), settings.town.calendar.year)
    prepare(store, settings)
    return store


async def explain(settings: Settings, store: Store, raw: bytes, recipient: str, sender: str | None) -> Outcome:
    """What the gateway would do with this mail now."""
    now = datetime.now(UTC)
    route = routes.route(recipient, settings.town)
    if route is None:
        return Outcome(reply=replies.NO_SUCH_ADDRESS)
    verdict = await authenticate(settings, route, raw, sender, now)
    mail = read(
        raw,
        mail_id="(dry run)",
        received_at=now,
        route=route,
        sender=sender or "sender@unknown.invalid",
        domain=settings.gateway.domain,
        silent=settings.town.language,
    )

    def work(transaction):  # type: ignore[no-untyped-def]
        if route.command in routes.TOKEN_COMMANDS and claim_of(route, transaction) is None:
            return Outcome(reply=replies.NO_SUCH_ADDRESS)
        return decide(route, mail, verdict, transaction, settings.town)

    outcome: Outcome = store.read(now, work)
    return outcome


async def authenticate(
    settings: Settings, route: Route, raw: bytes, sender: str | None, now: datetime
) -> Verdict | TryLater:
    if route.command not in routes.STAFF_COMMANDS | routes.OPEN_COMMANDS:
        return Verdict()
    resolver = Resolver(settings.dns.nameservers)
    if route.command in routes.STAFF_COMMANDS:
        return await staff_verdict(route, raw, settings.town, resolver, now)
    # Which host handed the file over is not known: as behind a front server, only a signature counts.
    return await public_verdict(raw, sender, Peer.at(""), settings.town, resolver, now)


def facts(outcome: Outcome) -> dict[str, object]:
    """The Outcome for programs; addressees stay sealed."""
    return {
        "reply": outcome.reply.line,
        "audit": [{"event": event.event, "detail": dict(event.detail)} for event in outcome.audit],
        "changes": [type(change).__name__ for change in outcome.changes],
        "letters": [{"subject": letter.subject, "text": letter.text} for letter in outcome.letters],
    }


def story(outcome: Outcome) -> str:
    """The Outcome for people."""
    lines = [f"返答 / reply:   {outcome.reply.line}"]
    for event in outcome.audit:
        details = " ".join(f"{name}={showing.plain(value)}" for name, value in event.detail.items())
        lines.append(f"記録 / audit:   {event.event} {details}".rstrip())
    lines += [f"変更 / change:  {type(change).__name__}" for change in outcome.changes]
    for letter in outcome.letters:
        lines += [f"手紙 / letter:  {letter.subject}", *(f"    | {line}" for line in letter.text.splitlines())]
    lines.append("(何も書き込んでいません / nothing was written)")
    return "\n".join(lines)
