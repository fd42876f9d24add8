"""Asks on a terminal before something is changed or destroyed; elsewhere it wants to be told in full (protocol 8)."""

import getpass
import sys
from collections.abc import Iterable
from pathlib import Path

from gateway.administration.office import Refused
from storage.keyring import read_private

NO_TERMINAL = "a passphrase is asked for at a terminal only; elsewhere give --passphrase-file FILE"
YES = ("y", "yes", "はい")


def at_terminal() -> bool:
    return sys.stdin.isatty()


def twice(lines: Iterable[str], word: str) -> bool:
    """Shows what would be destroyed, asks for a yes, and then for the word that names it."""
    print("\n".join(lines))
    if answer("続けますか / go on? [y/N]: ") not in YES:
        return False
    return answer(f"取り消せません。確認のため {word} と入力 / no way back; type {word} to confirm: ") == word


def passphrase(file: str | None, *, new: bool) -> str:
    """From a file of its owner's alone, or asked for at a terminal, a new one twice. Raises Refused elsewhere."""
    if file is not None:
        return read_private(Path(file), what="file").decode("utf-8", "replace").strip()
    if not at_terminal():
        raise Refused(NO_TERMINAL)
    typed = getpass.getpass("合言葉 / passphrase: ")
    if new and getpass.getpass("もう一度 / again: ") != typed:
        raise Refused("the two passphrases differ; run it again")
    return typed


def confirmed(question: str, told: bool, times: int = 1) -> int:
    """0: go on; 1: the answer was no; 2: nobody can answer, and nothing was told."""
    if told:
        return 0
    if not sys.stdin.isatty():
        message = "端末ではないので、実行するには --yes が要ります / no terminal to ask on; to do it, add --yes"
        print(f"mimamori: {message}", file=sys.stderr)
        return 2
    for _ in range(times):
        if answer(f"{question} [y/N]: ") not in YES:
            print("何も変えていません / nothing was changed")
            return 1
        question = "本当によろしいですか / are you sure?"
    return 0


def misuse(message: str) -> int:
    """2, and why."""
    print(f"mimamori: {message}", file=sys.stderr)
    return 2


def answer(question: str) -> str:
    """What is typed; nothing where the typing ends."""
    try:
        return input(question).strip().lower()
    except EOFError:
        print()
        return ""
