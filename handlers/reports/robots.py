"""Who wrote what came to a return path: a mail system, a vacation program, or neither. No reading of failures."""

from handlers.reports.paper import Paper
from handlers.reports.patterns import any_of

DAEMON = any_of(
    r"""
    mailer[-_ ]?daemon|post_?master|mail[-_. ]deliver|delivery (?:sub)?system|mail administrator|mail system
    mail daemon|system administrator|delivery[-_. ](?:status|service|notification)|bounce|administrador|interscan
    microsoft (?:outlook|exchange)|mailer@|email security|mail gateway|^<>$
"""
)
ROBOT = any_of("no-?_?reply|do-?not-?reply")
REPORT_SUBJECT = any_of(
    r"""
    returned? ?(?:e-?mail|to sender|message)|undeliver|fail\w{0,9} (?:notice|deliver)|non[- ]?deliver
    deliver\w{0,9} (?:status|fail|problem|error|report|has|delay)|could not (?:be |send)|not (?:be )?delivered
    (?:mail|message|e-?mail) (?:delivery|system|could|error|status|not|failure)|error (?:sending|message)
    blocked by|bounce|rejected|notice: mail|warning: ?(?:mail|message|delay)|delayed? mail|not member
    permanent (?:delivery )?failure|postmaster notify|message frozen|mail failed
    unzustellbar|zustell|non remis|non recapita
    no se puede entregar|メール(?:エラー|送受信エラー|.{0,4}配信)|配信(?:不能|失敗|エラー)
    送信(?:エラー|失敗)|不達|エラー通知|戻り
"""
)
ABSENT = any_of(
    r"""
    ^(?:re: ?)?(?:automatic reply|auto[- ]?(?:reply|respons)|out of (?:the )?office|vacation|away (?:from|until))
    ^(?:re: ?)?(?:i am (?:away|out)|自動(?:応答|返信)|不在|休暇)
"""
)
ABSENCE_FIELDS = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-mail-autoreply", "x-ms-exchange-inbox-rules-loop")


def system(paper: Paper) -> bool:
    """Whether a mail system wrote this, as far as it shows."""
    author, subject = paper.header("from").lower(), paper.header("subject").lower()
    if DAEMON.search(author) or REPORT_SUBJECT.search(subject) or "x-failed-recipients" in paper.headers:
        return True
    null = paper.header("return-path").replace(" ", "") == "<>"
    answered = paper.header("auto-submitted").lower().startswith("auto-replied")
    return bool(ROBOT.search(author)) and null and not answered


def calls_it_a_report(paper: Paper) -> bool:
    """Whether a mail system both wrote this and says in the subject that it is a report."""
    author, subject = paper.header("from").lower(), paper.header("subject").lower()
    return bool(DAEMON.search(author) and REPORT_SUBJECT.search(subject))


def formatted(paper: Paper) -> bool:
    """Whether it has the form of a report (RFC 6522), however broken."""
    return "multipart/report" in paper.kinds or "multipart/report" in paper.header("content-type").lower()


def absent(paper: Paper) -> bool:
    """Whether it is the notice of somebody who is away."""
    if ABSENT.match(paper.header("subject").lower()) or "vacation" in paper.header("x-apple-action").lower():
        return True
    return any(name in paper.headers for name in ABSENCE_FIELDS) and not DAEMON.search(paper.header("from").lower())


def automatic(paper: Paper) -> bool:
    return paper.header("auto-submitted").lower().startswith("auto")
