"""`mimamori init`: writes the configuration, the terms and the first keys into a folder (protocol 8).

All of it or nothing; it never overwrites, and it asks only where somebody sits at a terminal.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import config, config_places, config_values, example, key_ceremony, typed
from gateway.audit.note import new_key
from gateway.config_values import Kind, UnfitError
from handlers.town import Calendar
from storage.keyring import create_keys, write_private

CONFIG, TERMS, KEYS = "config.toml", "terms.ja.txt", "keys"
WRITTEN = (KEYS, TERMS, CONFIG)  # in this order: where there is a config.toml, there is all the rest
CALENDAR = Calendar(timezone=ZoneInfo("Asia/Tokyo"))  # as the configuration that is written
MODE_FOLDER = 0o750  # of a folder that did not exist yet

TERMS_TEXT = """\
版: {today}

{organisation} 見守りメール 利用規約

1 目的 子どもの安全に関わる情報を、登録した方にメールでお知らせします。
2 お預かりする情報 メールアドレスと配信地区の二つだけです。氏名などは登録しません。
  暗号化して保管し、配信のほかには使いません。
3 期間 登録は年度ごとです。毎年3月31日に、登録した情報をすべて消去します。
  翌年度も受け取るには、あらためて登録してください。
4 やめるとき unsubscribe@{domain} に空のメールを送ると、いつでも解除できます。
  解除すると、登録した情報をすぐに消去します。
5 お願い 配信の遅れや不達が起きることがあります。配信された内容の転載はご遠慮ください。
6 問い合わせ {contact}
"""

QUESTIONS: tuple[tuple[str, str, Kind], ...] = (
    ("domain", "受付用ドメイン / the domain for the mail", config_places.domain),
    ("organisation", "運営組織名 / the organisation", config_values.filled),
    ("contact", "問い合わせ先 / contact for residents", config_values.filled),
    ("admin", "管理者のメールアドレス(空でも可) / administrator's address, may stay empty", config_places.address),
)

Ask = Callable[[str, str], str]  # question and default -> answer
Say = Callable[[str], None]


class InitError(Exception):
    """Nothing was written; the message says why and what to do."""


def init(
    directory: Path, *, interactive: bool, ask: Ask, say: Say, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Makes `directory` ready for `serve`. Raises InitError where something of it is there already."""
    _refuse_to_overwrite(directory)
    if os.geteuid() == 0:
        say("注意: root で実行中です。専用の利用者を勧めます / warning: this is root; a user of its own is better")
    chosen = {key: str(example.CHOSEN.get(("gateway", key), "")) for key, _, _ in QUESTIONS}
    kek = f"{KEYS}/kek"
    if interactive:
        try:
            chosen = _answers(chosen, ask, say)
            kek = key_ceremony.ask_for_place(ask, say, kek)
        except EOFError:
            raise InitError(
                "no answer, nothing written; run it again, or without a terminal for the defaults"
            ) from None
    moment = now()
    place = (directory / kek).resolve()
    if os.path.lexists(place):
        raise InitError(f"{place}: there already; a KEK is never overwritten, name another place")
    _write(directory, chosen, moment, place)
    _report(directory, say)
    if interactive:
        say(key_ceremony.to_write_down(directory / KEYS, place, CALENDAR.year(moment)))


def _refuse_to_overwrite(directory: Path) -> None:
    there = [name for name in WRITTEN if os.path.lexists(directory / name)]
    if there:
        raise InitError(f"{directory}: {', '.join(there)} already there; edit it or choose another directory")


def _answers(defaults: dict[str, str], ask: Ask, say: Say) -> dict[str, str]:
    answers: dict[str, str] = {}
    for key, question, kind in QUESTIONS:
        while key not in answers:
            answer = ask(question, defaults[key]).strip() or defaults[key]
            try:
                read = kind.read(answer, Path()) if answer else None
            except UnfitError as error:
                say(str(error))
                continue
            if key == "admin" and read is not None and read.domain == answers["domain"].lower():
                say("an address at our own domain would come back here; name one at another domain")
                continue
            answers[key] = answer
    return answers


def _write(directory: Path, chosen: dict[str, str], moment: datetime, kek: Path) -> None:
    """Everything is made in a folder beside its place, checked there, and then moved."""
    created = not directory.exists()
    try:
        directory.mkdir(mode=MODE_FOLDER, parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".init-", dir=directory))
    except OSError as error:
        raise InitError(f"{directory}: cannot be written to ({error.strerror}); choose another directory") from None
    try:
        elsewhere = kek if kek != (directory / KEYS / "kek").resolve() else None
        _fill(staging, chosen, moment, elsewhere)
        _move(staging, directory, elsewhere)
    except OSError as error:
        raise InitError(f"{directory}: not written ({error.strerror}); make room or choose another directory") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if created:
            with suppress(OSError):  # it is not empty: all went well
                directory.rmdir()


def _fill(staging: Path, chosen: dict[str, str], moment: datetime, elsewhere: Path | None) -> None:
    made = moment.isoformat(timespec="seconds")
    create_keys(staging / KEYS, staging / KEYS / "kek", CALENDAR.year(moment), made)
    write_private(staging / KEYS / "audit.key", new_key())
    text = TERMS_TEXT.format(today=CALENDAR.today(moment), **chosen)
    write_private(staging / TERMS, text.encode())
    values = {("gateway", key): value for key, value in chosen.items() if value}
    if elsewhere is not None:
        values["keys", "kek"] = f"file:{elsewhere}"
    write_private(staging / CONFIG, example.render(values).encode())
    config.load(staging / CONFIG)


def _move(staging: Path, directory: Path, elsewhere: Path | None) -> None:
    """Neither link nor rename can overwrite: a link never does, and `keys` would have to be an empty folder."""
    moved: list[Path] = []
    try:
        if elsewhere is not None:
            key_ceremony.move_kek(staging / KEYS / "kek", elsewhere)
            moved.append(elsewhere)
        for name in WRITTEN:
            goal = directory / name
            if name == KEYS:
                (staging / name).rename(goal)
            else:
                goal.hardlink_to(staging / name)
            moved.append(goal)
        _sync(directory)
    except BaseException:
        for goal in moved:
            shutil.rmtree(goal) if goal.is_dir() else goal.unlink()
        raise


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _report(directory: Path, say: Say) -> None:
    say(f"{directory / CONFIG}: 設定 / settings")
    say(f"{directory / TERMS}: 利用規約(お読みのうえ直してください) / terms of use, to be read and edited")
    say(f"{directory / KEYS}/: 鍵。写しを金庫に / keys; keep a copy of kek in a safe, and never beside the database")
    serve = f"{typed.command(directory / CONFIG)} serve"
    say(f"次に: config.toml の地区と職員を直し、{serve} を実行")
    say(f"next: edit the districts and the staff in config.toml, then run {serve}")
