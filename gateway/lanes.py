"""Where dear work is done: large mails one after the other, so that small ones and the dialogue go on meanwhile (5.1).

An alert or a registration is small. Whoever sends large mails waits for others who do, and for nobody else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

LARGE = 64 * 1024  # octets

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_one_by_one = ThreadPoolExecutor(1, thread_name_prefix="large-mails")


async def aside(
    octets: int, work: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Result:
    """Does the work on a mail of so many octets in a thread."""
    if octets <= LARGE:
        return await asyncio.to_thread(work, *arguments, **named)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_one_by_one, lambda: work(*arguments, **named))
