"""A gateway whose clock says that it is April: `python -m tests.fakes.april CONFIG`. It says when it begins and serves.

A process of its own, so that a test may kill it in the middle of a year's end.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway import hardening, log
from gateway.app import Gateway
from gateway.config import load

MIDNIGHT = datetime(2027, 3, 31, 15, tzinfo=UTC)  # of Japan


async def serve(config: Path) -> None:
    began = time.monotonic()
    gateway = Gateway(load(config), lambda: MIDNIGHT + timedelta(seconds=time.monotonic() - began))
    print("begins", flush=True)
    try:
        await gateway.start()
        print("serves", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the test closes it
    finally:
        await gateway.stop()


if __name__ == "__main__":
    hardening.protect()
    log.configure()
    asyncio.run(serve(Path(sys.argv[1])))
