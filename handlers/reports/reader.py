"""What a mail at bounce+ is: a failure, a complaint, an automatic reply, or nothing (protocol 6.6).

Total on any octets, in bounded time. It answers nobody and knows no addresses: the token says whom it is about.
"""

import re

from handlers.reports import delivery_status, phrases, session
from handlers.reports.complaints import complaint
from handlers.reports.delivery_status import Recipient
from handlers.reports.paper import RECEIPTS, REPORTS, Paper, of_message, opened
from handlers.reports.reason import code_for, reason
from handlers.reports.values import AutoReply, Complaint, Failure

DAEMON = re.compile(
    r"mailer[-_ ]?daemon|post_?master|mail[-_. ]deliver|delivery (?:sub)?system|mail administrator|mail system|"
    r"mail daemon|system administrator|delivery[-_. ](?:status|service|notification)|bounce|administrador|interscan|"
    r"microsoft (?:outlook|exchange)|mailer@|email security|mail gateway|^<>$"
)
ROBOT = re.compile(r"no-?_?reply|do-?not-?reply|noreply")
REPORT_SUBJECT = re.compile(
    r"returned? ?(?:e-?mail|to sender|message)|undeliver|deliver\w* (?:status|fail|problem|error|report|has|delay)|"
    r"fail\w* (?:notice|deliver)|(?:mail|message|e-?mail) (?:delivery|system|could|error|status|not)|non[- ]?deliver|"
    r"could not (?:be |send)|error (?:sending|message)|blocked by|bounce|rejected|notice: mail|warning: ?(?:mail|message|"
    r"delay)|delayed? mail|permanent (?:delivery )?failure|postmaster notify|not (?:be )?delivered|mail failure|"
    r"unzustellbar|zustell|non remis|non recapita|no se puede entregar|"
    r"not member|メール(?:エラー|送受信エラー|.{0,4}配信)|配信(?:不能|失敗|エラー)|送信(?:エラー|失敗)|不達|エラー通知|戻り"
)
ABSENT = re.compile(
    r"^(?:re: ?)*(?:automatic reply|auto[- ]?(?:reply|response|respons)|out of (?:the )?office|vacation|away (?:from|until)|"
    r"i am (?:away|out)|自動(?:応答|返信)|不在|休暇)"
)
ABSENCE_FIELDS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-mail-autoreply", "x-ms-exchange-inbox-rules-loop")
STILL_TRYING = re.compile(
    r"warning only|still being retried|will (?:be |keep |continue )?(?:to )?(?:retr|try)|delivery will continue|"
    r"keep trying|delivery attempts will continue|no need to resend|not yet been delivered|再送を(?:試み|続け)"
)
ARRIVED = re.compile(r"(?:successfully|has been) (?:delivered|relayed)|was delivered to|delivered successfully")
GIVEN_UP = re.compile(r"not going to try again|given up|giving up|permanent|could not be delivered within|aborted")
DELAY_SUBJECT = re.compile(r"warning|delay|still being retried|遅延")
# Dovecot tells its own reason to people, and puts a code of its own choice beside it.
AUTOMATICALLY_REJECTED = re.compile(r"was automatically rejected:\s*([^\n]{1,300})")


def read(raw: bytes) -> Failure | Complaint | AutoReply | None:
    """What these octets report: why a letter failed, that its reader complains, that a robot answered; or None."""
    paper = opened(raw)
    found = _of(paper)
    if (found is None or _says_nothing(found)) and paper.enclosed is not None and _robot(paper):
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
    if _absent(paper):
        return AutoReply(kind="vacation")
    if (_robot(paper) or _reported(paper)) and _tells_of_failure(paper):
        return _failure(paper, Recipient())
    return AutoReply(kind="vacation") if paper.header("auto-submitted").lower().startswith("auto") else None


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


def _robot(paper: Paper) -> bool:
    """Whether a mail system wrote this, as far as it shows."""
    author, subject = paper.header("from").lower(), paper.header("subject").lower()
    if DAEMON.search(author) or "x-failed-recipients" in paper.headers:
        return True
    if REPORT_SUBJECT.search(subject):
        return True
    null = paper.header("return-path").replace(" ", "") == "<>"
    answered = paper.header("auto-submitted").lower().startswith("auto-replied")
    return bool(ROBOT.search(author)) and null and not answered


def _reported(paper: Paper) -> bool:
    return "multipart/report" in paper.kinds or "multipart/report" in paper.header("content-type").lower()


def _absent(paper: Paper) -> bool:
    if ABSENT.match(paper.header("subject").lower()) or "vacation" in paper.header("x-apple-action").lower():
        return True
    return any(name in paper.headers for name in ABSENCE_FIELDS) and not DAEMON.search(paper.header("from").lower())


def _tells_of_failure(paper: Paper) -> bool:
    """Whether a text of a mail system's is about a failure: it says so, quotes a refusal, or is called a failure report."""
    told = session.folded(paper.text)
    if ARRIVED.search(told):
        return False
    if DAEMON.search(paper.header("from").lower()) and REPORT_SUBJECT.search(paper.header("subject").lower()):
        return True
    patterns = (phrases.FAILED, phrases.OWN_DIRECTORY, *(pattern for _, pattern in phrases.BEFORE_UNKNOWN))
    return bool(session.answers(paper.text)) or any(pattern.search(told) for pattern in patterns)
