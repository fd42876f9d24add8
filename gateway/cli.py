"""The console command `mimamori` (protocol 8): reads the words, loads what the command needs and nothing more."""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.command_words import build_parser

ROOMS = ("gateway", "handlers", "storage")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit code 0: done; 1: no; 2: misuse."""
    if (foreign := foreign_room()) is not None:
        print(
            f"mimamori: another package is called {foreign!r}; install this one into a private .venv", file=sys.stderr
        )
        return 2
    parser = build_parser(version())
    arguments = parser.parse_args(argv)
    if "module" not in arguments:
        parser.print_help()
        return 2
    arguments.config = Path(getattr(arguments, "config", None) or os.environ.get("MIMAMORI_CONFIG") or "config.toml")
    from gateway import hardening
    from gateway.trouble import explained

    if argv is None:  # a process of our own
        hardening.seal()
        hardening.hush()
    return explained(lambda: int(importlib.import_module(f"gateway.commands.{arguments.module}").run(arguments)))


def foreign_room() -> str | None:
    """A package of one of our names that is not ours, or None: an installation may have been overwritten."""
    here = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        found = importlib.import_module(room).__file__
        if found is None or Path(found).resolve().parent.parent != here:
            return room
    return None


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("mimamori")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
