"""A real Postfix as next hop: an instance of its own in a temporary directory, on a free port of 127.0.0.1.

It shares nothing with an installed instance but the programs, sends nothing out, and ends with the `with` block.
It needs Debian's layout or `postconf` to say where the programs are, and root, since Postfix's master does.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

POSTFIX = Path("/usr/sbin/postfix")
START_SECONDS = 20.0

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""


def require_postfix() -> None:
    """Skips the test aloud where no Postfix can run, or fails it when everything is required."""
    missing = None
    if not POSTFIX.exists():
        missing = "Postfix is not installed here"
    elif os.geteuid() != 0:
        missing = "Postfix starts as root only"
    if missing is None:
        return
    if os.environ.get("MIMAMORI_REQUIRE_ALL") == "1":
        pytest.fail(f"{missing}, and MIMAMORI_REQUIRE_ALL=1 asks for it")
    pytest.skip(missing)


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running instance."""

    port: int
    inbox: Path  # a maildir that holds all that was delivered
    log: Path

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def delivered(self, holding: bytes = b"") -> list[bytes]:
        """What the inbox has, as Postfix wrote it: Return-Path, X-Original-To, Delivered-To and Received on top."""
        new = self.inbox / "new"
        found = (path.read_bytes() for path in sorted(new.iterdir())) if new.exists() else ()
        return [raw for raw in found if holding in raw]

    def wait_for(self, count: int, holding: bytes = b"", seconds: float = 20.0) -> list[bytes]:
        """The messages that hold these octets, once there are `count`."""
        until = time.monotonic() + seconds
        while len(found := self.delivered(holding)) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} of {count} messages after {seconds} s; see {self.log}")
            time.sleep(0.05)
        return found


@contextmanager
def running_postfix(
    *,
    domains: Sequence[str] = ("town.example",),
    unknown: str = "gone",
    discard: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Postfix]:
    """An instance that takes mail for `domains` into its inbox, or throws all mail away with `discard`.

    The local part `unknown` is refused with 550 5.1.1. `settings` go into main.cf last.
    """
    # Not pytest's tmp_path: Postfix's own user has to get in, and its sockets want a short path.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    try:
        instance = _configure(folder, domains, unknown, discard, settings or {})
        _postfix(folder, "start")
        try:
            _wait_for_port(instance)
            yield instance
        finally:
            _postfix(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(
    folder: Path, domains: Sequence[str], unknown: str, discard: bool, settings: Mapping[str, str]
) -> Postfix:
    owner = pwd.getpwnam("postfix")
    port = _free_port()
    for name in ("queue", "data", "mail"):
        (folder / name).mkdir(mode=0o755)
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    everybody = folder / "everybody"
    everybody.write_text(f"!/^{unknown}@/ inbox/\n", "ascii")
    main = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "maillog_file": folder / "log",
        "maillog_file_prefixes": folder,
        "myhostname": "postfix.test",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "loopback-only",
        "inet_protocols": "ipv4",
        "alias_maps": "",
        "local_recipient_maps": "",
        "smtpd_peername_lookup": "no",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_error_sleep_time": "0",
        "smtpd_hard_error_limit": "1000",
        "smtpd_recipient_limit": "1000",
        "in_flow_delay": "0",
        "smtp_dns_support_level": "disabled",
        "notify_classes": "",
        "default_transport": "discard:" if discard else "error:5.1.2 this instance sends nothing out",
        "virtual_mailbox_domains": "" if discard else " ".join(domains),
        "virtual_mailbox_base": folder / "mail",
        "virtual_mailbox_maps": f"regexp:{everybody}",
        "virtual_uid_maps": f"static:{owner.pw_uid}",
        "virtual_gid_maps": f"static:{owner.pw_gid}",
        **settings,
    }
    (folder / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in main.items()), "ascii")
    (folder / "master.cf").write_text(MASTER.format(port=port), "ascii")
    return Postfix(port=port, inbox=folder / "mail" / "inbox", log=folder / "log")


def _postfix(folder: Path, command: str) -> None:
    ran = subprocess.run(
        [POSTFIX, "-c", folder, command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if ran.returncode != 0:
        log = folder / "log"
        told = log.read_text("utf-8", "replace") if log.exists() else ""
        raise RuntimeError(f"postfix {command} failed: {ran.stdout}{ran.stderr}{told}")


def _wait_for_port(instance: Postfix) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", instance.port), timeout=1) as plug:
                plug.recv(1)
                return
        except OSError:
            if time.monotonic() > until:
                told = instance.log.read_text("utf-8", "replace") if instance.log.exists() else "no log"
                raise RuntimeError(f"Postfix does not answer: {told}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port: int = plug.getsockname()[1]
        return port
