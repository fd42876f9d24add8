"""How a command that destroys asks: twice at a terminal, and nowhere else (protocol 8)."""

import getpass
import sys
from collections.abc import Iterable
from pathlib import Path

from gateway.administration.office import Refused
from storage.keyring import read_private

YES = ("y", "yes", "はい")


def at_terminal() -> bool:
    return sys.stdin.isatty()


def twice(lines: Iterable[str], word: str) -> bool:
    """Shows what would be destroyed, asks for a yes, and then for the word that names it."""
    print("\n".join(lines))
    if input("続けますか / go on? [y/N]: ").strip().lower() not in YES:
        return False
    typed = input(f"取り消せません。確認のため {word} と入力してください / no way back; type {word} to confirm: ")
    return typed.strip() == word


def passphrase(file: str | None, *, new: bool) -> str:
    """From a file of its owner's alone, or asked for at a terminal, a new one twice. Raises Refused elsewhere."""
    if file is not None:
        return read_private(Path(file)).decode("utf-8", "replace").strip()
    if not at_terminal():
        raise Refused("a passphrase is asked for at a terminal only; elsewhere give --passphrase-file FILE")
    typed = getpass.getpass("合言葉 / passphrase: ")
    if new and getpass.getpass("もう一度 / again: ") != typed:
        raise Refused("the two passphrases differ; run it again")
    return typed
