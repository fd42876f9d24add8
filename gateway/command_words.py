"""The words of every command (protocol 8): what may be typed, and which module of gateway/commands runs it.

One function a group of commands. Nothing of them is imported here, so that `--help` is there at once.
"""

import argparse
from collections.abc import Callable
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Words:
    """Adds commands to one level of the command line; `--config` may stand before or after each of them."""

    def __init__(self, commands: Commands, shared: argparse.ArgumentParser) -> None:
        self._commands = commands
        self._shared = shared

    def add(self, name: str, module: str, text: str, *, as_json: bool = False) -> argparse.ArgumentParser:
        command = self._commands.add_parser(name, help=text, description=text, parents=[self._shared])
        command.set_defaults(module=module, action=name)
        if as_json:
            command.add_argument("--json", action="store_true", help="for programs")
        return command

    def group(self, name: str, text: str) -> "Words":
        found = self._commands.add_parser(name, help=text, description=text, parents=[self._shared])
        return Words(found.add_subparsers(metavar="ACTION", required=True), self._shared)


def build_parser(version: str = "") -> argparse.ArgumentParser:
    """Every command with its options."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help="the settings (config.toml)")
    parser = argparse.ArgumentParser(prog="mimamori", description="Child safety alerts by mail.", parents=[shared])
    parser.add_argument("--version", action="version", version=f"mimamori {version}")
    words = Words(parser.add_subparsers(title="commands", metavar="COMMAND"), shared)
    for group in GROUPS:
        group(words)
    return parser


def running(words: Words) -> None:
    command = words.add("init", "init", "write a first configuration, terms and keys")
    command.add_argument("directory", nargs="?", default=".", metavar="DIR")
    words.add("serve", "serve", "run the gateway until it is told to stop")
    words.add("demo", "demo", "a tour in under 15 seconds, on this machine, with nothing left behind")
    words.add("check", "check", "look for trouble and name the remedies", as_json=True)


def explaining(words: Words) -> None:
    text = "what would become of this mail, and why; nothing is written"
    command = words.add("explain", "explain", text, as_json=True)
    command.add_argument("mail", metavar="MAIL.eml")
    command.add_argument("--to", required=True, metavar="ADDRESS", help="the address of ours that it is sent to")
    command.add_argument("--sender", default=None, metavar="ADDRESS", help="the envelope sender (default: its From)")


def tracing(words: Words) -> None:
    command = words.add("trace", "trace", "what became of one mail, from the audit log", as_json=True)
    command.add_argument("mail_id", metavar="MAIL_ID", help="as m-0123456789abcdef; the log and `audit tail` have it")
    words.add("dns", "dns", "the DNS records that the domain needs, ready to be copied", as_json=True)


def audit(words: Words) -> None:
    log = words.group("audit", "the audit log")
    command = log.add("tail", "audit", "the last entries", as_json=True)
    command.add_argument("-n", type=positive, default=10, metavar="N", help="how many (default 10)")
    command.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    command.add_argument("--event", default="*", metavar="GLOB", help='only these, as "alert:*"')
    command.add_argument("--since", default=None, metavar="T", help='an hour as "2h", minutes as "30m", or a time')
    command = log.add("verify", "audit_verify", "check that nothing was changed, dropped or reordered", as_json=True)
    command.add_argument("--export", nargs="+", default=None, metavar="FILE", help="these files, not the register")
    command.add_argument("--proof", default=None, metavar="FILE", help="a proof that `audit prove` wrote")
    command.add_argument("--certificate", default=None, metavar="FILE", help="a certificate of destruction")
    command.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="FILE",
        help="against a checkpoint, a mirror or a saved mail",
    )
    command.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="VKEY",
        help="trust this public key, not that of the configuration",
    )
    command = log.add("checkpoint", "audit_checkpoint", "sign the log as it is now, and print that", as_json=True)
    command.add_argument("--key", action="store_true", help="only print the public key of this log")
    command.add_argument("--mail", action="store_true", help="also mail it to each mail: of [audit] mirror")
    command = log.add("export", "audit_export", "the whole log as lines of JSON, to be verified elsewhere")
    command.add_argument("-o", "--output", required=True, metavar="FILE")
    command = log.add("prove", "audit_export", "a proof for one entry, or that the log continues an old checkpoint")
    command.add_argument("seq", nargs="?", type=positive, default=None, metavar="SEQ", help="the number of an entry")
    command.add_argument("--checkpoint", default=None, metavar="FILE", help="the old checkpoint")
    command.add_argument("-o", "--output", default=None, metavar="FILE", help="default: print it")


def subscribers(words: Words) -> None:
    people = words.group("subscribers", "those who registered")
    people.add("count", "subscribers", "how many, in all and a year", as_json=True)
    command = people.add("forget", "subscribers", "erase all that is kept of one address", as_json=True)
    command.add_argument("address", metavar="ADDRESS", help="the address, or - to read it from standard input")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = people.add("bounces", "bounces", "why mail came back in the last days; never whose", as_json=True)
    command.add_argument("--days", type=positive, default=30, metavar="N", help="how far back (default 30)")


def alerts(words: Words) -> None:
    sent = words.group("alerts", "the alerts")
    sent.add("list", "alerts", "all alerts, newest first", as_json=True)
    command = sent.add("show", "delivery", "one alert: how far it is, by district and destination", as_json=True)
    command.add_argument("number", metavar="NUMBER", help="as 2026-0042")
    command.add_argument("--chart", metavar="FILE", help="also draw it; ends in .svg, .png or .pdf")
    command = sent.add("who", "delivery", "whether one subscriber got an alert; this is audited", as_json=True)
    command.add_argument("number", metavar="NUMBER", help="as 2026-0042")
    command.add_argument("address", metavar="ADDRESS", help='"-": read it from the standard input')
    command = sent.add("stop", "alerts", "stop the rest of a running alert; refuse a held one", as_json=True)
    command.add_argument("number", metavar="NUMBER", help="as 2026-0042")


def staff(words: Words) -> None:
    people = words.group("staff", "those who may post")
    people.add("list", "staff", "everybody, with their scope and roles; no address", as_json=True)
    command = people.add("add", "staff", "enrol somebody at once, without a restart")
    command.add_argument("id", metavar="ID", help="stands in the audit instead of the address")
    command.add_argument("address", metavar="ADDRESS")
    command.add_argument("--organisation", metavar="NAME", help="default: who runs the gateway")
    command.add_argument("--districts", nargs="+", metavar="DISTRICT", help="default: all")
    command.add_argument("--categories", nargs="+", metavar="CATEGORY", help="default: all")
    command.add_argument("--key", dest="keys", action="append", metavar="SELECTOR:BASE64", help="a pinned DKIM key")
    command.add_argument("--no-release", dest="may_release", action="store_false", default=None)
    command.add_argument("--may-second", action="store_true", default=None, help="may release those of others")
    command = people.add("remove", "staff", "take every right from somebody at once")
    command.add_argument("id", metavar="ID")
    people.add("password", "staff", "ask for a password, and print its hash for the submission listener")


def districts(words: Words) -> None:
    areas = words.group("districts", "the districts, and how many registered for each")
    areas.add("list", "districts", "all districts, with all their names", as_json=True)
    command = areas.add("import", "districts", "take the districts from a CSV file, after showing what changes")
    command.add_argument("file", metavar="FILE.csv", help="columns: code,name,kana,aliases,schools, or in Japanese")
    command.add_argument("--dry-run", action="store_true", help="only show what would change")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = areas.add("rename", "districts_moves", "another code for a district; its registrants go with it")
    command.add_argument("old", metavar="OLD", help="its code, or another word of it")
    command.add_argument("new", metavar="NEW", help="the new code")
    command.add_argument("--name", default=None, metavar="NAME", help="its new name (default: as before)")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = areas.add("merge", "districts_moves", "take a district into another one, with its registrants")
    command.add_argument("old", metavar="FROM", help="the code of the one that ends, or another word of it")
    command.add_argument("new", metavar="INTO", help="the one that goes on")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = words.add("poster", "poster", "a sheet for a notice board, with the QR code that registers")
    command.add_argument("district", metavar="DISTRICT", help='code, name, kana or alias; "all": without a district')
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="ends in .svg, .png or .pdf")
    command.add_argument("--language", choices=("ja", "en"), default=None, help="default: the town's")


def sending(words: Words) -> None:
    command = words.add("queue", "queue", "what waits to be sent", as_json=True)
    command.add_argument("-f", "--follow", action="store_true", help="go on showing it until interrupted")


def keys(words: Words) -> None:
    kept = words.group("keys", "the keys of the years")
    kept.add("list", "keys", "every key: year, id, fingerprint, state, and what is sealed under it", as_json=True)
    command = kept.add("new", "keys", "a key for a year that has no rows, or one from a copy in the safe")
    command.add_argument("year", type=int, metavar="YEAR")
    command.add_argument("--from", dest="source", default=None, metavar="FILE", help="a copy that `keys escrow` made")
    _with_passphrase(command)
    command = kept.add("rotate", "keys", "another key for a year; all its rows are sealed anew, beside the service")
    command.add_argument("year", type=int, metavar="YEAR")
    command = kept.add("rewrap", "keys", "another key-encryption key for every living key")
    command.add_argument("--to", required=True, metavar="KEK", help='as in [keys] kek: "file:PATH", "pkcs11:…"')
    command = kept.add("destroy", "keys", "destroy a year's key, and with it every row of that year")
    command.add_argument("year", type=int, metavar="YEAR")
    command.add_argument("--yes-destroy-key-and-rows", action="store_true", help="needed where there is no terminal")
    command = kept.add("escrow", "keys", "a copy of a year's key for a safe, sealed with a passphrase")
    command.add_argument("year", type=int, metavar="YEAR")
    command.add_argument("-o", "--output", default=None, metavar="FILE")
    command.add_argument("--destroyed", action="store_true", help="put on record that a copy is no more")
    _with_passphrase(command)


def _with_passphrase(command: argparse.ArgumentParser) -> None:
    command.add_argument("--passphrase-file", default=None, metavar="FILE", help="instead of asking at the terminal")


def year(words: Words) -> None:
    ending = words.group("year", "the fiscal years")
    command = ending.add("end", "year", "destroy a year that is over, with a certificate", as_json=True)
    command.add_argument("--dry-run", action="store_true", help="only say what would be destroyed, and when")
    command.add_argument("--year", type=int, default=None, metavar="YEAR", help="default: the one that is over")
    command.add_argument("--before-its-date", action="store_true", help="although it is not over yet")
    command.add_argument("--the-clock-is-right", action="store_true", help="although the gateway was away for long")


def reporting(words: Words) -> None:
    command = words.add(
        "report", "report", "how personal information was handled, for the privacy council", as_json=True
    )
    command.add_argument("--year", type=int, default=None, metavar="YEAR", help="a fiscal year (default: this one)")
    command.add_argument("--since", default=None, metavar="DAY", help="from this day on, as 2026-04-01")
    command.add_argument("--until", default=None, metavar="DAY", help="to the end of this day")
    command.add_argument("-o", "--output", default=None, metavar="FILE", help="ends in .pdf or .txt")


def keeping(words: Words) -> None:
    command = words.add("backup", "backup", "a copy of all but the keys, beside a running server", as_json=True)
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="a new file, or a folder for it")
    command = words.add("restore", "restore", "put a backup back; the server must be stopped")
    command.add_argument("file", metavar="FILE", help="what `backup` wrote")
    text = "an export or mirror of the audit log: those who left since the backup leave again; may be given twice"
    command.add_argument("--audit", action="append", default=[], metavar="EXPORT.jsonl", help=text)
    command.add_argument("--yes", action="store_true", help="do not ask")


GROUPS: tuple[Callable[[Words], None], ...] = (
    running,
    explaining,
    tracing,
    audit,
    subscribers,
    alerts,
    staff,
    districts,
    sending,
    keys,
    year,
    reporting,
    keeping,
)


def positive(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number
