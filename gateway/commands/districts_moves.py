"""`mimamori districts rename|merge`: another code for a district, and its registrants go with it (protocol 8.5)."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gateway import districts_counts, districts_file
from gateway.administration.client import administer
from gateway.commands import confirming
from gateway.config import Elsewhere, load
from gateway.config_lines import Lines
from gateway.settings import Settings
from handlers.district_words import exact
from handlers.districts import nearest, words_of
from handlers.town import District


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    districts = settings.town.districts
    old = named(arguments.old, districts) or forgotten(settings, arguments.old)
    if old is None:
        return _unknown(arguments.old, districts)
    if exact(arguments.old) == exact(arguments.new):
        print("mimamori: 同じ地区です / this is the same district", file=sys.stderr)
        return 2
    if arguments.action == "merge":
        new = named(arguments.new, districts)
        if new is None:
            return _unknown(arguments.new, districts)
        after = merged(districts, old, new)
    else:
        new = renamed(old, arguments.new, arguments.name)
        after = [new if one is old else one for one in districts]
    if old.code == new.code:
        return _again(settings, arguments, old, new)
    judged(arguments.config, settings, after)
    if (hindrance := unwritable(settings)) is not None:
        print(f"mimamori: {hindrance}", file=sys.stderr)
        return 1
    verb = "統合します / merges" if arguments.action == "merge" else "変更します / renames"
    print(f"{old.name} ({old.code}) → {new.name} ({new.code}): {verb}")
    if (code := confirming.confirmed("続けますか / go on?", arguments.yes)) != 0:
        return code
    return _move(settings, arguments.action, old, new, after)


def named(word: str, districts: Sequence[District]) -> District | None:
    """The district of which this is the code or another word."""
    sought = exact(word)
    by_code = (one for one in districts if exact(one.code) == sought)
    by_word = (one for one in districts if sought in map(exact, words_of(one)))
    return next(by_code, next(by_word, None))


def forgotten(settings: Settings, code: str) -> District | None:
    """A district that the list lacks and registrants still have; it goes by its code."""
    counts = districts_counts.of_districts(settings, [code]) or {}
    return District(code=code, name=code) if counts.get(code) else None


def renamed(old: District, code: str, name: str | None) -> District:
    """The same district under its new code; what it was called so far goes on to be understood."""
    if exact(code) == exact(old.code) and name is None:
        return old
    return _with_words(replace(old, code=code, name=name or old.name), (old.code, old.name))


def merged(districts: Sequence[District], old: District, new: District) -> list[District]:
    """The list without the one; the other is known by its words, too: they stand on posters and in scopes of staff."""
    whole = _with_words(new, (old.code, old.name, old.kana, *old.aliases))
    whole = replace(whole, schools=tuple(dict.fromkeys((*new.schools, *old.schools))))
    return [whole if one is new else one for one in districts if one is not old]


def _with_words(district: District, words: Sequence[str]) -> District:
    known = {exact(word) for word in words_of(district)}
    fresh = {exact(word): word for word in words if word and exact(word) not in known}
    return replace(district, aliases=(*district.aliases, *fresh.values()))


def judged(config: Path, settings: Settings, after: Sequence[District]) -> None:
    """Raises ConfigError where the configuration would not do with the new list."""
    tables = [
        {
            "code": one.code,
            "name": one.name,
            "kana": one.kana,
            "aliases": list(one.aliases),
            "schools": list(one.schools),
        }
        for one in after
    ]
    file = districts_file.place(settings)
    load(config, Elsewhere(file=file, tables=tables, lines=Lines(districts_file.render(after))))


def unwritable(settings: Settings) -> str | None:
    """Why the new list could not be written, before anything is begun; None where it can."""
    file, config = districts_file.place(settings), settings.path
    moves_in = settings.registration.districts_file is None
    if moves_in and districts_file.pointed(config.read_text("utf-8-sig"), file.name) is None:
        return (
            f"{config.name} の [[districts]] を自動では直せません。{file.name} に移し、districts_file で指してください "
            f"/ these cannot be changed here; move the [[districts]] to {file.name} and name it as districts_file"
        )
    places = {file.parent, config.parent} if moves_in else {file.parent}
    for folder in sorted(places):
        if not os.access(folder, os.W_OK):
            return f"{folder}: cannot be written to; run this as a user who may, as root"
    return None


def _move(settings: Settings, action: str, old: District, new: District, after: Sequence[District]) -> int:
    begun = administer(settings, "districts begin", {"old": old.code, "new": new.code, "kind": action})
    districts_file.write(settings, after)
    print(f"書き込みました / written: {districts_file.place(settings)}")
    least, most = begun["registrations"]
    shown = f"{least} 以上" if least else f"{districts_counts.STEP}未満" if most else "0"
    print(f"移す登録 / registrations to carry: {shown}")
    return _carry(load(settings.path))


def _again(settings: Settings, arguments: argparse.Namespace, old: District, new: District) -> int:
    """The list has it already: a move may still be under way."""
    if old != new:  # only its name
        judged(arguments.config, settings, [new if one is old else one for one in settings.town.districts])
        print("名称だけなら、一覧を直してください / for a name alone, edit the list or use `districts import`")
        return 2
    return _carry(settings)


def _carry(settings: Settings) -> int:
    answer = administer(settings, "districts carry", {})
    if answer["done"]:
        print("完了しました。動いているサーバーにも反映されています / done; a running server has it, too")
        return 0
    alerts = "、".join(answer["waiting_for"])
    print(
        f"この地区への配信 {alerts} が終わり次第、サーバーが登録を移します。それまでも配信は全員に届きます "
        "/ the server carries the registrations as soon as these alerts have ended; meanwhile everybody is reached"
    )
    return 0


def _unknown(word: str, districts: Sequence[District]) -> int:
    names = "、".join(f"{near.name} ({near.code})" for near in nearest(word, districts))
    print(f"mimamori: 地区がありません / no such district; nearest: {names}", file=sys.stderr)
    return 1
