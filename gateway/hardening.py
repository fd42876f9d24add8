"""Keeps secrets of this process where they are: no core dump, no tracing by others, no file that others may read."""

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4  # prctl(2)


def protect() -> None:
    """To be called first of all in every process that opens keys."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
