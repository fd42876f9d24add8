"""What the program says about itself: one line a mail on standard error, with no address in it."""

import logging
import sys
import time

MAIL = logging.getLogger("mimamori.mail")


def configure(level: int = logging.INFO) -> None:
    """Sends the gateway's own lines to standard error; the libraries' chatter stays unheard."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    own = logging.getLogger("mimamori")
    own.handlers = [handler]
    own.setLevel(level)
    own.propagate = False
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.raiseExceptions = False  # a log that cannot be written must not print what it was given


def mail_line(**facts: object) -> None:
    """The canonical line of one mail: its id, command, reply, size and time. Values are ours, never the sender's."""
    MAIL.info("%s", " ".join(f"{name}={value}" for name, value in facts.items() if value is not None))
