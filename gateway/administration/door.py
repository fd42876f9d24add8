"""The door of a running gateway: a Unix socket over which commands ask for actions (protocol 8).

One line of JSON comes in, lines of progress go out, then the answer. Only the same user and root are let in.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.administration.actions import ACTIONS
from gateway.administration.office import Office, Refused
from gateway.gate import log_fault
from gateway.settings import Settings
from storage.engine import StorageTrouble
from storage.keyring import KeyTrouble

ACTIONS_AT_ONCE = 4
LONGEST_LINE = 1_048_576  # octets
ASK_SECONDS = 10.0  # a command asks at once; whoever does not may not keep the server from stopping
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid, unix(7)


def place(settings: Settings) -> Path:
    """Where the socket is."""
    return settings.state_folder / "control.sock"


@contextmanager
def short_name(path: Path) -> "Any":
    """A name of the socket that fits into a socket address, however deep its folder lies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class Door:
    """Listens until it is closed."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._path = place(office.settings)
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()
        # Of their own: an action may take long, and mail needs the common threads.
        self._threads = ThreadPoolExecutor(ACTIONS_AT_ONCE, thread_name_prefix="action")

    async def open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _answered(self._path):  # PostgreSQL has no lock that says so
            raise StorageTrouble(f"{self._path}: another mimamori serves here; stop that one first")
        self._path.unlink(missing_ok=True)  # of a process that was killed
        with short_name(self._path) as name:
            plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plug.bind(name)
        self._path.chmod(0o600)
        self._server = await asyncio.start_unix_server(self._greet, sock=plug, limit=LONGEST_LINE)

    async def close(self) -> None:
        """Lets nobody in any more, and waits for the actions that run."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        await asyncio.gather(*self._visits, return_exceptions=True)
        self._threads.shutdown()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            if _user(writer) in (0, os.geteuid()):
                await self._serve(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError, KeyError, TypeError):
            pass  # whoever asked has gone, or asked nonsense
        finally:
            self._visits.discard(visit)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(ASK_SECONDS):
            asked = json.loads(await reader.readline())
        loop = asyncio.get_running_loop()

        def say(line: dict[str, Any]) -> None:
            with suppress(ConnectionError, RuntimeError):  # the action goes on, also when nobody listens any more
                writer.write(json.dumps(line).encode() + b"\n")

        def tell(done: int, total: int, what: str) -> None:
            loop.call_soon_threadsafe(say, {"done": done, "total": total, "what": what})

        action, words = asked["action"], asked["words"]
        say(await loop.run_in_executor(self._threads, lambda: perform(self._office, action, words, tell)))
        await writer.drain()


def perform(office: Office, name: str, words: dict[str, Any], tell: Callable[[int, int, str], None]) -> dict[str, Any]:
    """What an action answers, or why not; of the unexpected, only its kind is told."""
    action = ACTIONS.get(name)
    if action is None:
        return {"refused": f"the server does not know {name!r}; it is of another version: restart it"}
    try:
        return {"answer": action(office, words, tell)}
    except (Refused, StorageTrouble, KeyTrouble) as error:  # each says the remedy, and no secret
        return {"refused": str(error)}
    except Exception as error:
        log_fault(error)
        return {"refused": f"internal error ({type(error).__name__}); the server's log has the place"}


def _answered(path: Path) -> bool:
    """Whether somebody listens there already."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug, short_name(path) as name:
        return plug.connect_ex(name) == 0


def _user(writer: asyncio.StreamWriter) -> int:
    plug = writer.get_extra_info("socket")
    _, user, _ = CREDENTIALS.unpack(plug.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    return int(user)
