"""`mimamori init [DIR]`: a first configuration, terms and keys, ready to run."""

import argparse
import sys
from pathlib import Path

from gateway import hardening
from gateway.init import init


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    init(Path(arguments.directory), interactive=sys.stdin.isatty(), ask=ask, say=print)
    return 0


def ask(question: str, default: str) -> str:
    return input(f"{question} [{default}]: ")
