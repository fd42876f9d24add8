"""`mimamori audit checkpoint`: signs the log as it is now, or shows the log's public key (protocol 8.3)."""

import argparse

from gateway.administration.client import administer
from gateway.administration.office import Refused
from gateway.audit.note import audit_key
from gateway.commands.showing import as_json
from gateway.config import load


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if arguments.key:
        key = audit_key(settings)
        if key is None:
            print("監査の署名鍵がありません / there is no audit key: set [audit] checkpoint_key")
            return 1
        as_json({"key": str(key.verifier)}) if arguments.json else print(key.verifier)
        return 0
    try:
        made = administer(settings, "audit checkpoint", {"mail": arguments.mail})
    except Refused as error:
        print(f"検印できません / no checkpoint: {error}")
        return 1
    if arguments.json:
        as_json(made)
        return 0
    print(made["note"], end="")
    if made["trouble"]:
        print(f"写せませんでした / not copied: {made['trouble']}")
    return 0
