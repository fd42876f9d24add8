"""`mimamori staff password`: the hash of a password for the submission listener (protocol 7.2). It writes nothing."""

import getpass
import sys

from gateway.submission import passwords


def run() -> int:
    """Asks twice on the terminal, and prints the line for the configuration."""
    try:
        first = getpass.getpass("パスワード / password: ")
        second = getpass.getpass("もう一度 / once more: ")
    except EOFError:
        print("mimamori: 端末から入力してください / type it on a terminal", file=sys.stderr)
        return 2
    if first != second:
        print("mimamori: 二つが一致しません。もう一度実行してください / the two differ; run it again", file=sys.stderr)
        return 1
    if len(first) < passwords.SHORTEST or len(first.encode()) > passwords.LONGEST:
        print(
            f"mimamori: {passwords.SHORTEST}文字以上にしてください / take {passwords.SHORTEST} characters or more",
            file=sys.stderr,
        )
        return 1
    print(f'submission = "{passwords.hashed(first)}"')
    return 0
