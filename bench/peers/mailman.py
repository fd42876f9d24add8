"""GNU Mailman 3 from the package index, found by `--mailman` or MIMAMORI_BENCH_MAILMAN: one list, VERP to each member.

Everything lies in a temporary directory: SQLite, the queues, the logs. It takes mail by LMTP, as from a mail server.
The list is set up before the runners start, so that none of them remembers it otherwise. A dozen of them look into
their queues every second, so they are halted while it is another's turn.
"""

import os
import random
import re
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers import LIST, RUN_SECONDS, Missing, await_port, free_port, letter
from bench.seed import address
from tests.e2e.town import children

OPTION = "MIMAMORI_BENCH_MAILMAN"
REMEDY = f"python3 -m venv DIR; DIR/bin/pip install mailman; then --mailman DIR/bin or {OPTION}=DIR/bin"
COMMAND_SECONDS = 120.0
SETTLE_SECONDS = 2.0

SETTINGS = """\
[mailman]
layout: local
[paths.local]
var_dir: {folder}/var
[mta]
incoming: mailman.mta.null.NullMTA
smtp_host: 127.0.0.1
smtp_port: {sink}
lmtp_host: 127.0.0.1
lmtp_port: {port}
verp_delivery_interval: 1
[runner.rest]
start: no
"""

CHANGES = """\
from mailman.interfaces.action import Action
from mailman.interfaces.archiver import ArchivePolicy


def change(mlist):
    mlist.archive_policy = ArchivePolicy.never
    mlist.digests_enabled = False
    mlist.default_nonmember_action = Action.accept
"""


@dataclass
class Mailman:
    """The list; its processes run from a post to its end only."""

    group: int  # of its processes, and the master's number
    log: Path
    port: int
    members: int
    octets: int
    posted: int = 0

    def post(self) -> float:
        """Hands one mail to all in; the moment before its final dot was sent."""
        self.posted += 1
        self._wake()
        with smtplib.LMTP("127.0.0.1", self.port, local_hostname="mail.example", timeout=60) as client:
            client.ehlo("mail.example")
            client.mail("board@school.example")
            client.rcpt(LIST)
            client.putcmd("data")
            client.getreply()
            dot = time.time()
            client.send(letter(self.octets, self.posted) + b".\r\n")
            code, text = client.getreply()
        if code != 250:
            raise RuntimeError(f"Mailman answered the mail with {code} {text.decode()}")
        return dot

    def _wake(self) -> None:
        """In any order, over a second or so: woken together, all would look into their queues in step."""
        pids = [self.group, *children(self.group)]
        for pid in random.sample(pids, len(pids)):
            time.sleep(random.uniform(0, SETTLE_SECONDS / 12))
            os.kill(pid, signal.SIGCONT)
        time.sleep(SETTLE_SECONDS)

    def ended(self) -> float:
        """The seconds that Mailman itself has noted for the delivery of the newest post, once it is over."""
        done = re.compile(rf"<{self.posted}@school\.example> smtp to \S+ for (\d+) recips, completed in ([\d.]+) sec")
        until = time.monotonic() + RUN_SECONDS
        while time.monotonic() < until:
            found = done.search(self.log.read_text("utf-8")) if self.log.exists() else None
            if found is None:
                time.sleep(0.25)
            elif int(found[1]) != self.members:
                raise RuntimeError(f"Mailman sent {found[1]} copies instead of {self.members}")
            else:
                os.killpg(self.group, signal.SIGSTOP)
                return float(found[2])
        raise RuntimeError(f"Mailman did not end within {RUN_SECONDS:g} s")

    def fan_out(self) -> float:
        """Copies per second of one post, of the delivery alone: without the seconds before the first copy."""
        self.post()
        return self.members / self.ended()


@contextmanager
def mailman(programs: Path | None, sink: int, members: int, octets: int) -> Iterator[Mailman]:
    """A list of so many members, whose next hop is the sink at this port. Raises Missing."""
    found = programs or (Path(os.environ[OPTION]) if OPTION in os.environ else None)
    if found is None or not (found / "mailman").exists():
        raise Missing(f"Mailman 3 is not in {found}; {REMEDY}" if found else f"Mailman 3 is not named; {REMEDY}")
    with tempfile.TemporaryDirectory(prefix="mimamori-bench-mailman-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        config = folder / "mailman.cfg"
        config.write_text(SETTINGS.format(folder=folder, sink=sink, port=port), "ascii")
        _list(found, config, members)
        with _runners(found, config) as group:
            await_port(port, COMMAND_SECONDS)
            time.sleep(SETTLE_SECONDS)
            os.killpg(group, signal.SIGSTOP)
            yield Mailman(group, folder / "var" / "logs" / "smtp.log", port, members, octets)


def _list(programs: Path, config: Path, members: int) -> None:
    folder = config.parent
    wires = (address(number).wire for number in range(1, members + 1))
    (folder / "members").write_text("".join(f"{wire}\n" for wire in wires), "ascii")
    (folder / "bench_change.py").write_text(CHANGES, "ascii")
    for words in (
        ("create", "--quiet", LIST),
        ("addmembers", "--no-welcome-msg", folder / "members", LIST),
        ("shell", "--run", "bench_change.change", "--listspec", LIST),
    ):
        subprocess.run(
            [programs / "mailman", "--run-as-root", "-C", config, *words],
            env=os.environ | {"PYTHONPATH": str(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=COMMAND_SECONDS,
        )


@contextmanager
def _runners(programs: Path, config: Path) -> Iterator[int]:
    """Mailman's processes, in a group of their own so that none is left behind; its number."""
    words = [str(programs / "master"), "-C", str(config)]
    with (config.parent / "master.log").open("ab") as log:
        master = subprocess.Popen(words, cwd=config.parent, stdout=log, stderr=log, start_new_session=True)
    try:
        yield master.pid
    finally:
        os.killpg(master.pid, signal.SIGCONT)
        master.terminate()
        try:
            master.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(master.pid, signal.SIGKILL)
            master.wait()
