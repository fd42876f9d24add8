"""Chapters about what is held of residents: the two items, how many people, and how many of each district."""

from collections.abc import Mapping, Sequence

from gateway.handling.chapters.saying import Cell, a_moment, a_month, people, table
from gateway.handling.document import Chart, Facts, Note, Section, Series, Words, number
from gateway.handling.figures import Figures
from gateway.handling.people import Move
from gateway.handling.small_groups import LEAST

CHARTED: tuple[tuple[Move, Words], ...] = (("joined", Words("登録", "registered")), ("left", Words("解除", "left")))
COLUMNS: tuple[tuple[Move, str, str], ...] = (
    ("joined", "新規登録", "registered"),
    ("renewed", "翌年度へ継続", "renewed"),
    ("added", "登録の追加", "added to"),
    ("changed", "地区変更", "changed"),
    ("left", "解除", "left"),
    ("forgotten", "管理者の消去", "erased"),
)


def what(figures: Figures) -> Section:
    """The items, how they are kept, and the wordings that residents agreed to."""
    return Section(
        title=Words("取り扱う個人情報", "Personal Information That Is Held"),
        blocks=(
            Facts(
                rows=(
                    (Words("項目", "items"), "メールアドレス、配信を希望する地区 / mail address, districts wanted"),
                    (
                        Words("持たない項目", "not held"),
                        "氏名・住所・電話番号・IPアドレスなど / no name, postal address, telephone or IP address",
                    ),
                    (
                        Words("保管", "kept"),
                        "年度ごとの鍵で暗号化(AES-256-GCM) / sealed with the key of the fiscal year",
                    ),
                    (
                        Words("同意の証跡", "evidence of consent"),
                        "規約の版・日時・方法(暗号化) / version, time and way, sealed",
                    ),
                )
            ),
            table(
                "lll",
                (("規約の版", "terms", 3), ("使用開始", "in use since", 4), ("SHA-256", "", 9)),
                ((one.version, a_moment(one.since, figures.period), one.digest) for one in figures.wordings),
            ),
        ),
    )


def registrations(figures: Figures) -> Section:
    """People now, and month by month who came and went."""
    standing, moves = figures.standing, figures.counted.people.moves
    months = figures.months
    rows: list[Sequence[Cell]] = [(a_month(month), *(moves[month][name] for name, _, _ in COLUMNS)) for month in months]
    total: Sequence[Cell] = ("合計 / total", *(sum(moves[month][name] for month in months) for name, _, _ in COLUMNS))
    series = tuple(Series(name=words, values=_of(moves, months, name)) for name, words in CHARTED)
    seeded = sum(_of(moves, months, "seeded"))
    return Section(
        title=Words("登録の状況", "Registrations"),
        blocks=(
            Facts(
                rows=(
                    (Words("登録者(作成時)", "registered now"), people(standing["active"])),
                    *(
                        (Words(f"うち{year}年度", f"fiscal year {year}"), people(count))
                        for year, count in sorted(standing["years"].items())
                    ),
                    (Words("確認待ち", "waiting for a confirmation"), f"{number(standing['pending'])} 件"),
                    (Words("配信停止中", "suspended"), people(standing["suspended"])),
                    (Words("監査記録との一致", "agrees with the audit log"), _agreement(figures)),
                )
            ),
            Chart(title=Words("月別の登録と解除", "Registered and left, by month"), months=months, series=series),
            table(
                "l" + "r" * len(COLUMNS), [("月", "month", 3), *((ja, en, 2.6) for _, ja, en in COLUMNS)], rows, total
            ),
            *(
                [
                    Note(
                        Words(
                            f"このほか試験用の架空登録 {number(seeded)} 件。", f"Besides, {seeded} made-up of a trial."
                        )
                    )
                ]
                if seeded
                else []
            ),
        ),
    )


def districts(figures: Figures) -> Section:
    """How many registered for each district; small groups together."""
    names = {one.code: one.name for one in figures.settings.town.districts}
    merged = figures.districts
    rows: list[Sequence[Cell]] = [(names[code], code, people(count)) for code, count in merged.shown.items()]
    if merged.together:
        together = Words("、".join(names[code] for code in merged.together), "together")
        rows.append((together, "", people(merged.sum) if merged.sum is not None else f"{LEAST}人未満 / under {LEAST}"))
    return Section(
        title=Words("地区別の登録者", "Registered by District"),
        blocks=(
            table("llr", (("地区", "district", 8), ("符号", "code", 3), ("登録者", "registered", 3)), rows),
            Note(
                Words(
                    f"一人が複数の地区を選べるので、合計は登録者数と一致しない。{LEAST}人未満の地区は個人が推測されないよう"
                    "まとめて示す。地区は住民ごとの監査記録に書かれないため、この表は登録の現在数である。",
                    f"A person may choose several districts. Those of fewer than {LEAST} are told together, so that "
                    "nobody can be recognised. The audit log names no district of a resident: these are the rows as "
                    "of now, of all open years.",
                )
            ),
        ),
    )


def _of(moves: Mapping[str, Mapping[Move, int]], months: tuple[str, ...], name: Move) -> tuple[int, ...]:
    return tuple(moves[month][name] for month in months)


def _agreement(figures: Figures) -> str:
    if figures.agrees:
        return "一致 / yes"
    logged, rows = figures.counted.people.standing(), figures.people
    return f"不一致 / no: 監査記録 / log {sum(logged.values()):,}, 登録 / rows {sum(rows.values()):,}"
