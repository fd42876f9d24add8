"""`mimamori serve`: runs the gateway, and says what to try next where it is started by hand."""

import argparse
import asyncio
import gc
import os
import sys

from gateway import hardening, log, typed
from gateway.app import serve
from gateway.config import load
from gateway.exposure import refuse_exposed
from gateway.settings import Settings

GARBAGE_OBJECTS = 20_000  # until the collector looks: a mail and a copy leave few cycles behind
SWITCH_SECONDS = 0.0005  # how long the loop may keep the writing thread waiting; a tenth of what is usual


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    hardening.hush()
    log.configure()
    settings = load(arguments.config)
    for warning in settings.warnings:
        print(f"mimamori: {warning}", file=sys.stderr)
    if os.geteuid() == 0:
        print("mimamori: running as root; a user of its own is safer (docs/operations.md)", file=sys.stderr)
    refuse_exposed(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(GARBAGE_OBJECTS)
    asyncio.run(serve(settings, lambda port: print(greeting(settings, port), flush=True)))
    return 0


def greeting(settings: Settings, port: int) -> str:
    """What to try next, ready to copy."""
    domain, host = settings.gateway.domain, settings.listener.host
    mimamori = typed.command(settings.path)
    district = settings.town.districts[0].name
    return f"""\
見守りメールが動いています / Mimamori is serving on {host}:{port}  (Ctrl-C で停止 / stops it)

次に試すこと / What to try next:
  登録を頼む / ask to register:
    swaks --server {host}:{port} --from parent@family.example --to subscribe@{domain} \\
          --header "Subject: register" --body "District: {district}\\nConsent: yes"
  届くメール / the letters and copies:  {settings.relay.smarthost}
  監査記録 / the audit log:             {mimamori} audit tail -f
  点検 / the doctor:                    {mimamori} check
"""
