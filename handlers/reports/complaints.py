"""Feedback reports (ARF, RFC 5965) and the like: a reader pressed "this is spam". No judging of what follows."""

import re

from handlers.reports.paper import FEEDBACK, Paper
from handlers.reports.values import Complaint

KIND = re.compile(r"^[ \t]*feedback-type[ \t]*:[ \t]*([\w-]{1,40})", re.IGNORECASE | re.MULTILINE)
ABUSE_REPORT = re.compile(
    r"complaint about message from|e-?mail abuse report", re.IGNORECASE
)  # before ARF, and beside it


def complaint(paper: Paper) -> Complaint | None:
    """The complaint that a report is, or None where it is none."""
    found = KIND.search(paper.feedback) or KIND.search(paper.text)
    if found:
        return Complaint(kind=found[1].lower())
    says_so = "feedback-report" in paper.header("content-type").lower() or FEEDBACK in paper.kinds
    if says_so or ABUSE_REPORT.match(paper.header("subject")):
        return Complaint(kind="abuse")
    return None
