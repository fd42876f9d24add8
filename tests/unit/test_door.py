"""The door of a running gateway (protocol 8): one server at a door, and who does not ask keeps nobody waiting."""

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.administration import door
from gateway.administration.office import Office
from storage.engine import StorageTrouble


def an_office(folder: Path) -> Office:
    return cast("Office", SimpleNamespace(settings=SimpleNamespace(state_folder=folder)))


def test_a_second_server_does_not_take_the_door_of_the_first(tmp_path: Path) -> None:
    async def run() -> None:
        one, other = (door.Door(an_office(tmp_path)) for _ in range(2))
        await one.open()
        with pytest.raises(StorageTrouble, match="another mimamori serves here"):
            await other.open()
        await other.close()
        assert (tmp_path / "control.sock").exists()
        await one.close()

    asyncio.run(run())


def test_the_socket_of_a_server_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug, door.short_name(tmp_path / "control.sock") as name:
        plug.bind(name)

    async def run() -> None:
        one = door.Door(an_office(tmp_path))
        await one.open()
        await one.close()

    asyncio.run(run())


def test_whoever_comes_in_and_asks_nothing_does_not_keep_the_server_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ASK_SECONDS", 0.1)

    async def run() -> None:
        one = door.Door(an_office(tmp_path))
        await one.open()
        with door.short_name(tmp_path / "control.sock") as name:
            _, writer = await asyncio.open_unix_connection(name)
        await asyncio.sleep(0.05)
        await asyncio.wait_for(one.close(), 5)
        writer.close()

    asyncio.run(run())
