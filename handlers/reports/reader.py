"""What a mail at bounce+ is: a failure, a complaint, an automatic reply, or nothing (protocol 6.6).

Total on any octets, in bounded time. It answers nobody and knows no addresses: the token says whom it is about.
"""

import re

from handlers.reports import delivery_status, phrases, robots, session
from handlers.reports.complaints import complaint
from handlers.reports.delivery_status import Recipient
from handlers.reports.paper import RECEIPTS, REPORTS, Paper, of_message, opened
from handlers.reports.patterns import any_of
from handlers.reports.reason import code_for, reason
from handlers.reports.values import AutoReply, Complaint, Failure

STILL_TRYING = any_of(
    r"""
    warning only|still being retried|will (?:be |keep |continue )?(?:to )?(?:retr|try)|keep trying
    delivery will continue|delivery attempts will continue|no need to resend|do not need to re-?send
    temporary failure report|not yet been delivered|再送を(?:試み|続け)
"""
)
ARRIVED = re.compile(
    r"(?:successfully|has been) (?:delivered|relayed)|was (?:delivered|relayed) to|delivered successfully"
)
GIVEN_UP = re.compile(r"not going to try again|given up|giving up|permanent|could not be delivered within|aborted")
DELAY_SUBJECT = re.compile(r"warning|delay|still being retried|遅延")
# Dovecot tells its own reason to people, and puts a code of its own choice beside it.
AUTOMATICALLY_REJECTED = re.compile(r"was automatically rejected:\s*([^\n]{1,300})")


def read(raw: bytes) -> Failure | Complaint | AutoReply | None:
    """What these octets report: why a letter failed, that its reader complains, that a robot answered; or None."""
    paper = opened(raw)
    found = _of(paper)
    if (found is None or _says_nothing(found)) and paper.enclosed is not None and robots.system(paper):
        # A filter or a list passes on the report itself.
        inner = _of(of_message(paper.enclosed))
        if isinstance(inner, Failure):
            return inner
    return found


def _of(paper: Paper) -> Failure | Complaint | AutoReply | None:
    if (found := complaint(paper)) is not None:
        return found
    if paper.kinds & RECEIPTS and not paper.kinds & REPORTS:
        return AutoReply(kind="receipt")
    told = delivery_status.recipients(paper.text)
    if told and all(each.arrived for each in told):
        return AutoReply(kind="delivered")
    failed = [each for each in told if not each.arrived]
    if failed:
        return _failure(paper, failed[0])
    if robots.absent(paper):
        return AutoReply(kind="vacation")
    if (robots.system(paper) or robots.formatted(paper)) and _tells_of_failure(paper):
        return _failure(paper, Recipient())
    return AutoReply(kind="vacation") if robots.automatic(paper) else None


def _says_nothing(found: Failure | Complaint | AutoReply) -> bool:
    return isinstance(found, Failure) and found.reason == "undefined"


def _failure(paper: Paper, recipient: Recipient) -> Failure:
    told = session.folded(paper.text)
    answers = session.answers(paper.text)
    if recipient.diagnosis:
        answers.insert(0, session.answer(recipient.diagnosis))
    if own := AUTOMATICALLY_REJECTED.search(paper.text):
        answers.insert(0, session.answer(own[1]))
    in_words = next((each.status for each in answers if each.status and not each.status.endswith(".0.0")), "")
    status = in_words or recipient.status or next((each.status for each in answers if each.status), "")
    status = status or session.status_in(told)
    delayed = _delayed(paper, recipient, told)
    why = reason(answers, told, status, session.command(told))
    if delayed and why not in ("mailboxfull", "suspend"):
        why = "expired"
    if why == "undefined" and recipient.kind in ("x-unix", "x-postfix"):
        why = "mailererror"
    return Failure(reason=why, status=status or code_for(why), delayed=delayed)


def _delayed(paper: Paper, recipient: Recipient, told: str) -> bool:
    """Whether the other server still tries: told so by its fields, or else by its words."""
    if recipient.action:
        return recipient.action == "delayed"
    if GIVEN_UP.search(told):
        return False
    return bool(STILL_TRYING.search(told) or DELAY_SUBJECT.search(paper.header("subject").lower()))


def _tells_of_failure(paper: Paper) -> bool:
    """Whether a text of a mail system's is about a failure: it says so, quotes a refusal, or is called so."""
    told = session.folded(paper.text)
    if ARRIVED.search(told):
        return False
    if robots.calls_it_a_report(paper):
        return True
    patterns = (phrases.FAILED, phrases.OWN_DIRECTORY, *(pattern for _, pattern in phrases.BEFORE_UNKNOWN))
    return bool(session.answers(paper.text)) or any(pattern.search(told) for pattern in patterns)
