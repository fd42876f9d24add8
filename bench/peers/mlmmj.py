"""mlmmj, a list manager in C: a list of its own in a temporary directory, which sends straight to the sink.

Its control file `verp` is absent, so it sends each member a message with a return path of its own. It waits for a
delayed acknowledgement in each message unless TCP_NODELAY is set; here it is, by an object that is loaded before libc.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers import LIST, RUN_SECONDS, letter, program
from bench.seed import address

FOLDERS = (
    "archive bounce control digesters.d incoming moderation nomailsubs.d queue queue/discarded requeue subconf "
    "subscribers.d text unsubconf"
)
ENVELOPE = b"Return-Path: <board@school.example>\n"  # from the mail server; mlmmj discards a mail without it

NODELAY = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int socket(int domain, int type, int protocol)
{
    int (*made_by_libc)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    int made = made_by_libc(domain, type, protocol), on = 1;
    if (made >= 0 && domain == AF_INET)
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}
"""


@dataclass
class Mlmmj:
    """The list, and the process that sends the newest post."""

    folder: Path
    receive: str
    preload: Path
    members: int
    octets: int
    posted: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def post(self) -> float:
        """Hands one mail to all in, over a pipe; the moment at which a mail server that has all of it starts mlmmj."""
        self.posted += 1
        environment = os.environ | {"LD_PRELOAD": str(self.preload)}
        words = [self.receive, "-F", "-L", str(self.folder)]  # in the foreground: it ends when all is sent
        dot = time.time()
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, env=environment)
        assert self.process.stdin is not None
        self.process.stdin.write(ENVELOPE + letter(self.octets, self.posted).replace(b"\r\n", b"\n"))
        self.process.stdin.close()
        return dot

    def ended(self) -> None:
        """Returns when the post is sent to all. mlmmj itself ends with 0 in every case, so its folders are asked."""
        assert self.process is not None
        code = self.process.wait(RUN_SECONDS)
        left = [name for name in ("queue/discarded", "requeue", "moderation") if any((self.folder / name).iterdir())]
        if code != 0 or left:
            raise RuntimeError(f"mlmmj did not send to all: it ended with {code} and left something in {left}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def fan_out(self) -> float:
        """Copies per second of one post to all."""
        dot = self.post()
        self.ended()
        return self.members / (time.time() - dot)


@contextmanager
def mlmmj(port: int, members: int, octets: int) -> Iterator[Mlmmj]:
    """A list of so many members, whose next hop is the sink at this port. Raises Missing."""
    receive, compiler = program("mlmmj-receive", "mlmmj"), program("gcc", "gcc libc6-dev")
    with tempfile.TemporaryDirectory(prefix="mimamori-bench-mlmmj-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        made = Mlmmj(_list(folder / "list", port, members), receive, _preload(folder, compiler), members, octets)
        try:
            yield made
        finally:
            made.stop()


def _list(folder: Path, port: int, members: int) -> Path:
    for name in FOLDERS.split():
        (folder / name).mkdir(parents=True)
    control = {"listaddress": LIST, "owner": "owner@list.example", "relayhost": "127.0.0.1", "smtpport": port}
    control |= {"smtphelo": "list.example", "noarchive": "", "closedlist": ""}
    for name, value in control.items():
        (folder / "control" / name).write_text(f"{value}\n", "ascii")
    wires = (address(number).wire for number in range(1, members + 1))
    (folder / "subscribers.d" / "r").write_text("".join(f"{wire}\n" for wire in wires), "ascii")
    (folder / "index").write_text("0", "ascii")
    return folder


def _preload(folder: Path, compiler: str) -> Path:
    source, made = folder / "nodelay.c", folder / "nodelay.so"
    source.write_text(NODELAY, "ascii")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True, timeout=60)
    return made
