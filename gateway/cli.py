"""The console command `mimamori` (protocol 8): reads the words, loads what the command needs and nothing more."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOMS = ("gateway", "handlers", "storage")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit code 0: done; 1: no; 2: misuse."""
    if (foreign := foreign_room()) is not None:
        print(
            f"mimamori: another package is called {foreign!r}; install this one into a private .venv", file=sys.stderr
        )
        return 2
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if "module" not in arguments:
        parser.print_help()
        return 2
    arguments.config = Path(getattr(arguments, "config", None) or os.environ.get("MIMAMORI_CONFIG") or "config.toml")
    from gateway.trouble import explained

    return explained(lambda: int(importlib.import_module(f"gateway.commands.{arguments.module}").run(arguments)))


def foreign_room() -> str | None:
    """A package of one of our names that is not ours, or None: an installation may have been overwritten."""
    here = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        found = importlib.import_module(room).__file__
        if found is None or Path(found).resolve().parent.parent != here:
            return room
    return None


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options; `--config` and `--json` may stand before or after it."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help="the settings (config.toml)")
    parser = argparse.ArgumentParser(prog="mimamori", description="Child safety alerts by mail.", parents=[shared])
    parser.add_argument("--version", action="version", version=f"mimamori {version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(where: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: str, text: str):  # type: ignore[no-untyped-def]
        command = where.add_parser(name, help=text, description=text, parents=[shared])
        command.set_defaults(module=module, action=name)
        return command

    def group(name: str, text: str) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
        found = commands.add_parser(name, help=text, description=text, parents=[shared])
        return found.add_subparsers(metavar="ACTION", required=True)

    command = add(commands, "init", "init", "write a first configuration, terms and keys")
    command.add_argument("directory", nargs="?", default=".", metavar="DIR")
    add(commands, "serve", "serve", "run the gateway until it is told to stop")
    add(commands, "demo", "demo", "a tour in under 15 seconds, on this machine, with nothing left behind")
    command = add(commands, "check", "check", "look for trouble and name the remedies")
    command.add_argument("--json", action="store_true")
    command = add(commands, "explain", "explain", "what would become of this mail, and why; nothing is written")
    command.add_argument("mail", metavar="MAIL.eml")
    command.add_argument("--to", required=True, metavar="ADDRESS", help="the address of ours that it is sent to")
    command.add_argument("--sender", default=None, metavar="ADDRESS", help="the envelope sender (default: its From)")
    command.add_argument("--json", action="store_true")

    audit = group("audit", "the audit log")
    command = add(audit, "tail", "audit", "the last entries")
    command.add_argument("-n", type=positive, default=10, metavar="N", help="how many (default 10)")
    command.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    command.add_argument("--event", default="*", metavar="GLOB", help='only these, as "alert:*"')
    command.add_argument("--since", default=None, metavar="T", help='an hour as "2h", minutes as "30m", or a time')
    command.add_argument("--json", action="store_true")
    command = add(audit, "verify", "audit", "check that nothing was changed, dropped or reordered")
    command.add_argument("--json", action="store_true")

    command = add(group("subscribers", "those who registered"), "count", "subscribers", "how many, in all and a year")
    command.add_argument("--json", action="store_true")
    alerts = group("alerts", "the alerts")
    command = add(alerts, "list", "alerts", "all alerts, newest first")
    command.add_argument("--json", action="store_true")
    command = add(alerts, "show", "alerts", "one alert")
    command.add_argument("number", metavar="NUMBER", help="as 2026-0042")
    command.add_argument("--json", action="store_true")
    districts = group("districts", "the districts, and how many registered for each")
    command = add(districts, "list", "districts", "all districts, with all their names")
    command.add_argument("--json", action="store_true")
    command = add(districts, "import", "districts", "take the districts from a CSV file, after showing what changes")
    command.add_argument("file", metavar="FILE.csv", help="columns: code,name,kana,aliases,schools, or in Japanese")
    command.add_argument("--dry-run", action="store_true", help="only show what would change")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = add(commands, "poster", "poster", "a sheet for a notice board, with the QR code that registers")
    command.add_argument("district", metavar="DISTRICT", help='code, name, kana or alias; "all": without a district')
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="ends in .svg, .png or .pdf")
    command.add_argument("--language", choices=("ja", "en"), default=None, help="default: the town's")
    command = add(commands, "queue", "queue", "what waits to be sent")
    command.add_argument("--json", action="store_true")
    return parser


def positive(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def version() -> str:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("mimamori")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
