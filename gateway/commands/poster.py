"""`mimamori poster DISTRICT -o FILE`: a sheet for a notice board, with the QR code that registers (protocol 8).

It reads the configuration and nothing of the register. A word for all districts makes a sheet without a district: its
mail is empty, and the reader chooses in the answer (3.3).
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.config import load
from gateway.poster.formats import FORMATS, painter
from gateway.poster.invitation import find, invite, means_all
from handlers.districts import nearest
from handlers.town import District, Language, Town


def run(arguments: argparse.Namespace) -> int:
    file = Path(arguments.output)
    if file.suffix.lower() not in FORMATS:
        print(f"mimamori: -o {file}: unknown format; let the name end in {', '.join(FORMATS)}", file=sys.stderr)
        return 2
    town = load(arguments.config).town
    language: Language = arguments.language or town.language
    if means_all(arguments.district):
        return _make(town, None, language, file)
    match find(arguments.district, town):
        case (district,):
            return _make(town, district, language, file)
        case ():
            names = "、".join(f"{near.name} ({near.code})" for near in nearest(arguments.district, town.districts))
            print(f"mimamori: 地区がありません / no such district; nearest: {names}", file=sys.stderr)
            return 1
        case _:
            print('mimamori: one district a poster; write "all" for one without a district', file=sys.stderr)
            return 2


def _make(town: Town, district: District | None, language: Language, file: Path) -> int:
    try:
        from gateway.poster.layout import lay_out
        from gateway.typography.typeface import UnprintableError

        draw = painter(file.suffix.lower())
    except ModuleNotFoundError as missing:
        print(f"mimamori: this needs the package {missing.name}; install the extra mimamori[poster]", file=sys.stderr)
        return 1
    try:
        sheet = lay_out(town, invite(town, district, language), language, datetime.now(UTC))
    except UnprintableError as error:
        print(f"mimamori: {error}", file=sys.stderr)
        return 1
    file.write_bytes(draw(sheet))
    print(f"{file}: {sheet.title}")
    return 0
