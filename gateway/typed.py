"""The program's name as whoever reads it can type it: as it was called, with the settings it was called with."""

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "mimamori"


def command(config: Path) -> str:
    """The beginning of a command line for these settings."""
    words = [program()]
    if config.absolute() != Path(os.environ.get("MIMAMORI_CONFIG") or "config.toml").absolute():
        words += ["--config", str(config)]
    return shlex.join(words)


def program() -> str:
    """`./run` names itself in the environment; a program on the search path needs no folder."""
    if called := os.environ.get("MIMAMORI_CALLED_AS"):
        return called
    found = shutil.which(NAME)
    if Path(sys.argv[0]).name != NAME or (found is not None and Path(found).samefile(sys.argv[0])):
        return NAME
    return sys.argv[0]
