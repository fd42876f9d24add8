"""What another mail server answered, and to which command, as a report tells it in its own words. No judging."""

import re
from dataclasses import dataclass, field

from handlers.reports.patterns import any_of, table

CODE = re.compile(r"(?<![\w.:/#-])([45][0-9]{2})(?=[ \-:;#]|\Z)")
ENHANCED = re.compile(r"(?<![\w.])([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![\w.]{0,64}@|\.[0-9])")
COMMANDS = table(
    r"""
RCPT:
    (?:after|for|to|step:|smtp:|did not like our|following|command:?) ?(?:the )?rcpt\b
    additional rcpt to generated|\[rcpt_to\]|does not like recipient|\(state 14\)|>>> ?rcpt|sent <<< rcpt
    -------smtp command rcpt|\brcpt to (?:command|<)
MAIL:
    (?:after|for|to|step:|smtp:|did not like our|following) ?(?:the )?mail\b ?(?:from|command|:)
    server response to mail from|but sender was rejected|\[mail_from\]|\(state 12\)|>>> ?mail from
    -------smtp command mail
DATA:
    (?:after|for|to|step:|smtp:|did not like our|following) ?(?:the )?(?:data|text)\b
    end of data|after (?:initial )?data|\(data\)|\[data\]|failed after i sent|\(state 1[5-9]\)|>>> ?data
    -------smtp command data|pipelined data|data command|message content|body of message generated
HELO:
    (?:after|for|to|step:) ?(?:the )?(?:helo|ehlo)\b|>>> ?[eh][he]lo
    unexpected response to ehlo|\(state 13\)|my name was rejected|initial connection|refused to talk|after connect
    while receiving the initial server greeting
"""
)
# With pipelining, the answer to RCPT stands below DATA; what follows tells that nobody was left to send to.
NOBODY_LEFT = any_of(
    r"""
    \b550 5\.1\.1 .{1,300}\.\.\. user unknown|\b503 .{0,60}(?:recipient|rcpt)|<<< 554 .{0,40}no valid recipients
"""
)
ANSWER = re.compile(
    r"(?:(?<!<)<{3,6}(?!<)|said:|said\[[^\]]{0,60}\]:|responded:?|response (?:was|from)[^:]{0,80}:|returned was:|"
    r"returned ['\"]|received >>>|"
    r"server message|message below:|error message: ?\[|as follows: ?\[|failed with:|because of|host [^ ]{1,100}:|"
    r"reason:|diagnostic code:|error:|server returned|smtp;|replied:|following reason\(s\)?:|why:|\[)[ \t]{0,20}"
    r"(?=#?[45][0-9]{2}[ \-:;#]|[45]\.[0-9]\.[0-9]|smtp;)"
)
AT_HEAD = re.compile(r"^[ \t]*(?=[45][0-9]{2}[ \-])", re.MULTILINE)
LONGEST_ANSWER = 600  # characters
MOST_ANSWERS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One refusal: its words, the reply code and the enhanced code where it has them."""

    words: str = field(repr=False)
    code: str
    status: str


def folded(text: str) -> str:
    """In small letters, with one blank where there were blanks or ends of lines."""
    return " ".join(text.lower().split())


def answers(text: str) -> list[Answer]:
    """The refusals that a text quotes, in their order."""
    starts = sorted({found.end() for pattern in (ANSWER, AT_HEAD) for found in pattern.finditer(text.lower())})
    return [answer(text[start : start + LONGEST_ANSWER].split("\n\n")[0]) for start in starts[:MOST_ANSWERS]]


def answer(words: str) -> Answer:
    text = folded(words)
    code = CODE.search(text)
    return Answer(text, code[1] if code else "", status_in(text))


def status_in(text: str) -> str:
    """The first enhanced code that says more than its class, or else the first; empty where there is none."""
    found = [".".join(match.groups()) for match in ENHANCED.finditer(text[:LONGEST_ANSWER])]
    telling = [each for each in found if not each.endswith(".0.0")]
    return (telling or found or [""])[0]


def command(text: str) -> str:
    """The command that was refused: of several, the one that the text names first. Empty where it names none."""
    if ">>> " in text and NOBODY_LEFT.search(text):
        return "RCPT"
    found = ((match.start(), name) for name, pattern in COMMANDS if (match := pattern.search(text)))
    return min(found, default=(0, ""))[1]
