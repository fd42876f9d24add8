"""The door of a running gateway (protocol 8): who does not ask keeps nobody waiting."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.administration import door
from gateway.administration.office import Office


def test_whoever_comes_in_and_asks_nothing_does_not_keep_the_server_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ASK_SECONDS", 0.1)
    storage = SimpleNamespace(url=f"sqlite:///{tmp_path}/mimamori.db")
    office = cast("Office", SimpleNamespace(settings=SimpleNamespace(storage=storage)))

    async def run() -> None:
        one = door.Door(office)
        await one.open()
        with door.short_name(tmp_path / "control.sock") as name:
            _, writer = await asyncio.open_unix_connection(name)
        await asyncio.sleep(0.05)
        await asyncio.wait_for(one.close(), 5)
        writer.close()

    asyncio.run(run())
