"""`mimamori demo`: a tour of everything on this machine alone, in seconds, with nothing left behind (protocol 8)."""

import argparse
import asyncio
import os
import signal
import tempfile
from pathlib import Path

from gateway import hardening
from gateway.demo.stage import NotHeldError, stage
from gateway.demo.story import play
from gateway.demo.telling import Teller


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    return asyncio.run(tour(Teller()))


async def tour(teller: Teller) -> int:
    """0 where every step held; 1 with the step that did not."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C does: the folder and the processes go all the same
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    teller.opening(
        "見守りメールの見学です。すべてこのパソコンの中だけで動き、外には何も送りません。",
        "A tour of Mimamori. It happens on this machine alone; nothing is sent out.",
    )
    try:
        with tempfile.TemporaryDirectory(prefix="mimamori-demo-") as folder:
            async with stage(Path(folder)) as running:
                await play(running, teller)
    except BrokenPipeError:  # whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except (NotHeldError, OSError, AssertionError) as error:
        return teller.failed(str(error) or type(error).__name__)
    return teller.done()
