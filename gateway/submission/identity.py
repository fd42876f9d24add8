"""Whoever gave a password writes as themselves (protocol 7.2). The signature has to prove them all the same."""

from gateway.authentication.pipeline import TryLater
from handlers.mail import Verdict
from handlers.town import Town

OTHER_LOGIN = "other-login"


def held_to(login: str | None, verdict: Verdict | TryLater, town: Town) -> Verdict | TryLater:
    """The verdict, or a refusal where it is about somebody else than the member of staff who logged in."""
    if login is None or isinstance(verdict, TryLater):
        return verdict
    author = verdict.author or (verdict.coverage.author if verdict.coverage is not None else None)
    member = town.staff_member(author) if author is not None else None
    return verdict if author is None or (member is not None and member.id == login) else Verdict(cause=OTHER_LOGIN)
