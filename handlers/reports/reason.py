"""Why a letter failed, in the field's words: by what servers answered, then by codes, then by what people read."""

from collections.abc import Sequence

from handlers.reports import phrases
from handlers.reports.session import Answer

# RFC 3463 and its registry: what a code means where no words say more.
BY_STATUS = {
    "1.0": "userunknown", "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown", "1.4": "filtered",
    "1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected", "1.9": "systemerror", "1.10": "notaccept",
    "2.0": "filtered", "2.1": "suspend", "2.2": "mailboxfull", "2.3": "exceedlimit", "2.4": "filtered",
    "3.0": "systemerror", "3.1": "systemfull", "3.2": "notaccept", "3.3": "systemerror", "3.4": "mesgtoobig",
    "3.5": "systemerror", "4.0": "networkerror", "4.1": "expired", "4.2": "networkerror", "4.3": "systemerror",
    "4.4": "hostunknown", "4.5": "systemerror", "4.6": "networkerror", "4.7": "expired", "5.3": "toomanyconn",
    "7.1": "securityerror", "7.2": "rejected", "7.7": "contenterror", "7.13": "suspend", "7.17": "hasmoved",
    "7.20": "authfailure", "7.23": "authfailure", "7.25": "requireptr", "7.26": "authfailure", "7.27": "notaccept",
    "7.28": "speeding",
}  # fmt: skip
BY_SUBJECT = {"5": "syntaxerror", "6": "contenterror", "7": "securityerror"}
BY_CODE = {
    "422": "mailboxfull", "452": "systemfull", "521": "notaccept", "523": "mesgtoobig", "535": "authfailure",
    "551": "hasmoved", "552": "mailboxfull", "556": "notaccept",
}  # fmt: skip
# What a code stands for where a report has words alone.
CODE_OF = {
    "userunknown": "5.1.1", "hostunknown": "5.1.2", "hasmoved": "5.1.6", "mailboxfull": "5.2.2", "suspend": "5.2.1",
    "notaccept": "5.3.2", "mesgtoobig": "5.3.4", "networkerror": "5.4.0", "expired": "5.4.7", "exceedlimit": "5.2.3",
    "spamdetected": "5.7.1", "blocked": "5.7.1", "norelaying": "5.7.1", "policyviolation": "5.7.1", "filtered": "5.7.1",
}  # fmt: skip
VAGUE = frozenset({"systemerror", "securityerror", "syntaxerror"})
VAGUE_CODES = VAGUE | {"networkerror", "expired", "rejected", "contenterror"}


def reason(answers: Sequence[Answer], told: str, status: str, command: str) -> str:
    """The reason. `answers` are what servers said, `told` all that the report says, folded; `command` may be empty."""
    said = [_in_answer(each, status, command) for each in answers]
    by_code = of_status(status) or next((BY_CODE[each.code] for each in answers if each.code in BY_CODE), "")
    if not by_code and command == "RCPT" and any(each.code in ("550", "553") for each in answers):
        by_code = "userunknown"
    to_people = _in_words(told, status, command)
    clear = (*(name for name in said if name not in VAGUE), "" if by_code in VAGUE_CODES else by_code)
    return next((name for name in (*clear, *_clear(to_people), *said, to_people, by_code) if name), "undefined")


def _clear(name: str) -> tuple[str, ...]:
    return () if name in VAGUE else (name,)


def _in_answer(answer: Answer, status: str, command: str) -> str:
    found = _in_words(answer.words, answer.status or status, command)
    return found or next((name for name, pattern in phrases.IN_ANSWERS if pattern.search(answer.words)), "")


def of_status(status: str) -> str:
    """What an enhanced code alone means; empty for a class without a meaning."""
    _, _, detail = status.partition(".")
    return BY_STATUS.get(detail) or BY_SUBJECT.get(detail.partition(".")[0], "")


def _in_words(text: str, status: str, command: str) -> str:
    for name, pattern in phrases.BEFORE_UNKNOWN:
        if pattern.search(text):
            return name
    if phrases.OWN_DIRECTORY.search(text):
        return "hostunknown" if "rout" in text and phrases.UNKNOWN_HOST.search(text) else "userunknown"
    if phrases.UNKNOWN_HOST.search(text) and of_status(status) != "userunknown":
        return "hostunknown"
    if phrases.UNKNOWN_USER.search(text):
        return _unknown_user(status, command)
    return next((name for name, pattern in phrases.AFTER_UNKNOWN if pattern.search(text)), "")


def _unknown_user(status: str, command: str) -> str:
    """Japanese carriers, and others, say "unknown user" after DATA where the reader's filter refused.

    So the word counts only where it was said of the recipient: at RCPT, or under a code that means it.
    """
    means = of_status(status)
    return "userunknown" if command == "RCPT" or means == "userunknown" else "filtered"


def code_for(reason_: str) -> str:
    return CODE_OF.get(reason_, "5.0.0")
