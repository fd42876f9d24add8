"""Every SMTP reply that we give, in one table (protocol 7). A reply tells a stranger what to do; the audit says why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP answer: `250 2.0.0 text`. The enhanced code is the class of `code` and the detail (RFC 3463)."""

    code: int
    detail: str
    text: str

    @property
    def line(self) -> str:
        return f"{self.code} {self.code // 100}.{self.detail} {self.text}"

    @property
    def accepted(self) -> bool:
        return self.code < 300


ACCEPTED = Reply(250, "0.0", "accepted")

# Our own trouble, or a limit: the sending server keeps the mail and comes back.
TRY_LATER = Reply(451, "3.0", "not now; please try again later")
DNS_TROUBLE = Reply(451, "4.3", "a name lookup failed; please try again later")
TOO_MANY_ALERTS = Reply(451, "7.1", "too many alerts within the hour; please try again later")
INTERNAL = Reply(451, "3.0", "internal error; please try again later")
LOGIN_LATER = Reply(454, "7.0", "too many attempts; please try again later")
ONE_RECIPIENT = Reply(452, "5.3", "one recipient a transaction; please send again for the others")
BUSY = Reply(421, "3.2", "too many connections; please try again later")
CLOSING = Reply(421, "4.2", "closing the connection")

# Verdicts.
NO_SUCH_ADDRESS = Reply(550, "1.1", "no such address here")
BAD_ADDRESS = Reply(553, "1.3", "not a mail address")
NOT_ACCEPTED = Reply(550, "7.1", "not accepted; staff: write to probe@")
DMARC_REJECT = Reply(550, "7.1", "refused, as the domain of the author asks; please send from its own mail service")
MALFORMED = Reply(550, "6.0", "the mail is malformed; please send it again from an ordinary mail program")
NO_AUTHOR = Reply(550, "6.0", "exactly one address is needed in the From field")
LOGIN_REFUSED = Reply(535, "7.8", "name or password is wrong")
LOGIN_FIRST = Reply(530, "7.0", "authenticate first")
NEEDS_TLS = Reply(530, "7.0", "issue STARTTLS first")
TOO_LARGE = Reply(552, "3.4", "the mail is too large")
LINE_TOO_LONG = Reply(552, "3.4", "a line of the mail is too long")

# The dialogue before a mail is there (RFC 5321), and where it ends.
OK = Reply(250, "0.0", "ok")
SENDER_OK = Reply(250, "1.0", "sender ok")
LOGGED_IN = Reply(235, "7.0", "authenticated")
RECIPIENT_OK = Reply(250, "1.5", "recipient ok")
BYE = Reply(221, "0.0", "goodbye")
START_TLS = Reply(220, "0.0", "go ahead")
HELP = Reply(214, "0.0", "for help with this service, write to help@")
UNVERIFIED = Reply(252, "0.0", "addresses are not verified; send the mail and see")
UNKNOWN_COMMAND = Reply(500, "5.2", "no such command")
COMMAND_TOO_LONG = Reply(500, "5.2", "the command is too long")
BAD_ARGUMENT = Reply(501, "5.4", "the argument of the command is wrong")
NOT_OFFERED = Reply(502, "5.1", "not offered")
BAD_SEQUENCE = Reply(503, "5.1", "the commands come in the wrong order")
BAD_PARAMETER = Reply(555, "5.4", "no such parameter")
NO_PROXY_HEADER = Reply(421, "5.0", "a PROXY header is needed from here")
TIMED_OUT = Reply(421, "4.2", "waited too long; closing the connection")
TOO_MANY_COMMANDS = Reply(421, "7.0", "too many commands; please connect again")
TOO_MANY_LOGINS = Reply(421, "7.0", "too many attempts; please connect again later")
TOO_MANY_MAILS = Reply(421, "7.0", "enough mails for one connection; please connect again")
