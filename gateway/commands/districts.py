"""`mimamori districts list|import`: the districts as people know them, and a new list from a spreadsheet (protocol 8).

An import checks everything first and shows what would change. It never takes a district from those who registered.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway import districts_counts, districts_csv, districts_file, districts_plan
from gateway.administration import client
from gateway.commands import confirming, showing
from gateway.config import ConfigError, Elsewhere, Problem, load
from gateway.districts_plan import Plan
from gateway.settings import Settings
from handlers.districts import words_of
from handlers.town import District

FIELDS = {"kana": "よみがな", "aliases": "別名", "schools": "学校"}


def run(arguments: argparse.Namespace) -> int:
    return list_all(arguments) if arguments.action == "list" else bring_in(arguments)


def list_all(arguments: argparse.Namespace) -> int:
    """Every district with its words and, in fives, its registrations."""
    settings = load(arguments.config)
    counts = districts_counts.of_districts(settings, [district.code for district in settings.town.districts])
    if arguments.json:
        showing.as_json([facts(district, counts) for district in settings.town.districts])
        return 0
    rows = [
        (
            district.code,
            district.name,
            district.kana,
            "・".join(district.aliases),
            "・".join(district.schools),
            "-" if counts is None else districts_counts.shown(counts[district.code]),
        )
        for district in settings.town.districts
    ]
    headings = (
        "コード / code",
        "名称 / name",
        "よみがな / kana",
        "別名 / aliases",
        "学校 / schools",
        "登録 / registered",
    )
    showing.as_table(headings, rows, "")
    return 0


def facts(district: District, counts: dict[str, int] | None) -> dict[str, object]:
    """The district for programs."""
    least, most = districts_counts.grouped(counts[district.code]) if counts is not None else (None, None)
    return {
        "code": district.code,
        "name": district.name,
        "kana": district.kana,
        "aliases": list(district.aliases),
        "schools": list(district.schools),
        "registrations": None if counts is None else {"from": least, "to": most},
    }


def bring_in(arguments: argparse.Namespace) -> int:
    """Shows what the list changes and, when told so, writes it."""
    listed = districts_csv.read(Path(arguments.file))
    print(f"文字コードは {listed.encoding} です / read as {listed.encoding}")
    if listed.ignored:
        columns = "、".join(listed.ignored)
        print(f"使わない列 / columns that were not used: {columns}")
    before = present(arguments.config)
    settings = judged(arguments.config, listed, before)
    after = settings.town.districts
    plan = districts_plan.compared(before, after)
    tell(plan)
    refusal = list(forsaken(settings, plan))
    if refusal:
        print("\n".join(refusal), file=sys.stderr)
    if arguments.dry_run:
        print("(何も書き込んでいません / nothing was written)")
        return 0
    if refusal:
        return 1
    if plan.empty:
        print("変更はありません。何も書き込んでいません / nothing changes; nothing was written")
        return 0
    return decided(arguments, settings, after)


LACKING = (
    "職員などの設定にある地区が、この一覧にありません。一覧に加えるか、先に config.toml を直してください "
    "/ config.toml names districts that this list lacks; add them to the list, or change config.toml first"
)


def present(config: Path) -> Sequence[District]:
    """The districts as they are; none where the file that should hold them cannot be read."""
    try:
        return load(config).town.districts
    except ConfigError as error:
        if any(problem.file is None for problem in error.problems):
            raise
        print(
            f"今の一覧は読めません。新しい一覧だけを確かめます / the present list cannot be read:\n{error}",
            file=sys.stderr,
        )
        return ()


def judged(config: Path, listed: districts_csv.Listed, before: Sequence[District]) -> Settings:
    """The configuration with the new list. Raises ConfigError with all that is wrong with the list, line by line."""
    tables, problems = districts_plan.complete(listed, before)
    problems = [*listed.problems, *problems]
    try:
        settings = load(config, Elsewhere(file=listed.file, tables=tables, lines=listed))
    except ConfigError as error:
        if before and any(problem.file is None for problem in error.problems):  # it was in order with the old list
            problems.append(Problem(0, "", LACKING, listed.file))
        raise ConfigError(config, [*problems, *error.problems]) from None
    if problems:
        raise ConfigError(config, problems)
    return settings


def tell(plan: Plan) -> None:
    """The difference, district by district."""
    for district in plan.added:
        print(f"+ 追加 / added: {district.name} ({district.code})")
    for old, new in plan.changed:
        if old.name != new.name:
            print(f"~ 名称変更 / renamed: {old.name} → {new.name} ({new.code})")
            if old.name not in words_of(new):
                print(f"  「{old.name}」でも通じるようにするには別名に加える / add it to the aliases to keep it known")
        for field, word in FIELDS.items():
            if getattr(old, field) != getattr(new, field):
                print(f"~ {word}の変更 / {field} changed: {new.name} ({new.code}): {difference(old, new, field)}")
    for district in plan.removed:
        print(f"- 削除 / removed: {district.name} ({district.code})")
    print(f"  変更なし / unchanged: {plan.unchanged}")
    if plan.renumbered:
        print(
            f"! 一覧の番号が {len(plan.renumbered)} 地区で変わります。届いている登録用紙に番号で返信されると、"
            "別の地区になります / the numbers of the form letter change: "
            "answers by number to a form that is out already would name other districts"
        )


def difference(old: District, new: District, field: str) -> str:
    """What a field loses and gains."""
    was, now = ((getattr(each, field),) if field == "kana" else getattr(each, field) for each in (old, new))
    words = [*(f"-{word}" for word in was if word and word not in now)]
    words += [f"+{word}" for word in now if word and word not in was]
    return " ".join(words) or "順序 / order"


def forsaken(settings: Settings, plan: Plan) -> Iterator[str]:
    """9  The districts that registrants still have and the new list lacks, with what to do; nothing where none."""
    codes = [district.code for district in settings.town.districts]
    if not districts_counts.of_others(settings, codes):
        return
    yield "mimamori: 登録が残っている地区が、新しい一覧にありません"
    yield "  / registrations still name districts that the new list lacks:"
    counts = districts_counts.of_districts(settings, [district.code for district in plan.removed]) or {}
    lost = [district for district in plan.removed if counts.get(district.code)]
    for district in lost:
        yield f"  {district.name} ({district.code}): {districts_counts.shown(counts[district.code])}"
    if not lost:
        yield "  (今の一覧にもない地区 / districts that the present list lacks, too)"
    yield (
        "→ その地区の行を一覧に残してください。名称を変えるときは、コードの列に上のコードを書いてください。"
        "ほかの地区に移すには mimamori districts merge を使います。登録は年度末に消えるので、その後なら外せます\n"
        "→ keep their rows; to rename one, write its code as above into the column code; to move its people to another "
        "district, use `mimamori districts merge`. Registrations end with the year; then it can go"
    )


def decided(arguments: argparse.Namespace, settings: Settings, after: Sequence[District]) -> int:
    """Asks where somebody can answer, and writes."""
    file = districts_file.place(settings)
    if (code := confirming.confirmed(f"{file} に書き込みますか / write it?", arguments.yes)) != 0:
        return code
    moved, kept = settings.registration.districts_file is None, file.exists()
    pointed = districts_file.write(settings, after)
    print(f"書き込みました / written: {file}" + f" (前のものは / the old one: {file.name}.bak)" * kept)
    if not pointed:
        print(
            f"{settings.path.name} は直せませんでした。次のように直してください / could not be changed; please do it:\n"
            f"  1. [[districts]] の表をすべて消す / take out all [[districts]]\n"
            f'  2. [registration] の下に / below [registration]: districts_file = "{file.name}"'
        )
    elif moved:
        print(
            f"{settings.path.name} の [[districts]] を {file.name} に移しました(前のものは {settings.path.name}.bak) "
            f"/ moved from {settings.path.name}, the old one is {settings.path.name}.bak"
        )
    if client.served(settings):
        client.administer(settings, "districts take", {})
        print("動いているサーバーにも反映しました / the running server has taken it over")
    return 0
