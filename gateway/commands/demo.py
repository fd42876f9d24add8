"""`mimamori demo`: a tour of everything on this machine alone, in seconds, with nothing left behind (protocol 8)."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway import hardening
from gateway.demo.stage import Stage, stage
from gateway.demo.story import play
from gateway.demo.telling import Teller

Story = Callable[[Stage, Teller], Awaitable[None]]


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    return asyncio.run(tour(Teller(), play))


async def tour(teller: Teller, story: Story) -> int:
    """0 where every step held; 1 with the step that did not, whatever the reason."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the folder and the processes go all the same
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        teller.opening(
            "見守りメールの見学です。すべてこの機械の中だけで動き、外には何も送りません。",
            "A tour of Mimamori. It happens on this machine alone; nothing is sent out.",
        )
        with tempfile.TemporaryDirectory(prefix="mimamori-demo-") as folder:
            async with stage(Path(folder)) as running:
                await story(running, teller)
    except BrokenPipeError:  # whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except asyncio.CancelledError:
        return teller.failed("中断されました / interrupted")
    except Exception as error:
        return teller.failed(str(error) or type(error).__name__)
    return teller.done()
