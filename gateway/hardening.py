"""Keeps secrets of this process where they are: no core dump, no tracing by others, no file that others may read, and
no text of an exception anywhere: it could hold an address or a key.
"""

import ctypes
import faulthandler
import os
import resource
import sys
import threading
from types import TracebackType

PR_SET_DUMPABLE = 4  # prctl(2)


def protect() -> None:
    """To be called first of all in every process that serves: also what it writes is for its user alone."""
    os.umask(0o077)
    seal()


def seal() -> None:
    """No core dump and no tracing by others, in every process that opens keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    faulthandler.disable()


def hush() -> None:
    """From now on an exception that nobody catches is told by its kind and place alone."""
    sys.excepthook = lambda kind, _error, trace: _tell(kind, trace)
    threading.excepthook = lambda facts: _tell(facts.exc_type, facts.exc_traceback)
    sys.unraisablehook = lambda facts: _tell(facts.exc_type, facts.exc_traceback)


def _tell(kind: type[BaseException] | None, trace: TracebackType | None) -> None:
    where = "an unknown place"
    while trace is not None:
        where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    print(f"mimamori: internal error: {kind.__name__ if kind else 'unknown'} at {where}", file=sys.stderr)
