"""Asks on a terminal before something is changed or destroyed; elsewhere it wants to be told in full (protocol 8)."""

import sys

YES = ("y", "yes", "はい")


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


def answer(question: str) -> str:
    """What is typed; nothing where the typing ends."""
    try:
        return input(question).strip().lower()
    except EOFError:
        print()
        return ""
