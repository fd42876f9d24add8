"""Runs a check for a bounded time: what it has found by then counts, and a check that breaks harms no other."""

import threading
from collections.abc import Iterator
from datetime import datetime

from gateway.checks.finding import Check, Finding, failure, warning
from gateway.settings import Settings

MOST_SECONDS = 5.0


def examine(check: Check, settings: Settings, now: datetime, seconds: float = MOST_SECONDS) -> Iterator[Finding]:
    """The findings of one check, after at most so many seconds."""
    found: list[Finding] = []

    def work() -> None:
        try:
            for finding in check.look(settings, now):
                found.append(finding)  # one by one: what was found before a break or a timeout is told
        except Exception as error:  # a doctor goes on; the text of an unexpected error could hold anything
            found.append(_broken(check, error))

    # A daemon: whoever hangs in a name server or a database must not keep the program from ending.
    thread = threading.Thread(target=work, name=check.name, daemon=True)
    thread.start()
    thread.join(seconds)
    unfinished = thread.is_alive()
    yield from tuple(found)
    if unfinished:
        yield warning(
            check.name,
            f"{seconds:g} 秒で終わりません / not finished within {seconds:g} s",
            "相手の応答を確かめ、もう一度 / see that what it asks is up, then check again",
        )


def _broken(check: Check, error: Exception) -> Finding:
    kind = type(error).__name__
    return failure(
        check.name,
        f"点検できません / the check itself failed: {kind}",
        "不具合として報告を / report it as a bug, with this line",
    )
