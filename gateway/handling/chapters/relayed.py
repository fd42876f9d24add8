"""Chapters about mail: alerts by category, what was refused and why, letters and bounces."""

from collections.abc import Iterable, Sequence

from gateway.handling import event_words
from gateway.handling.chapters.saying import Cell, table
from gateway.handling.document import Chart, Facts, Note, Section, Series, Table, Words, number
from gateway.handling.figures import Figures

COPIES = ("matched", "relayed", "failed", "waiting")
RELATIONS = {
    "update": Words("続報", "update"),
    "correction": Words("訂正", "correction"),
    "cancellation": Words("取消", "cancellation"),
    "resolved": Words("解決", "resolved"),
}
LETTERS = (
    "subscribe:pending", "form:sent", "unsubscribe:pending", "change:pending", "status:pending", "status:told",
    "help:sent", "letter:withheld", "letter:undelivered",
)  # fmt: skip
BOUNCES = ("bounce:counted", "bounce:probed", "bounce:suspended", "bounce:revived", "bounce:ignored", "bounce:frozen")
REFUSING = (
    "alert:refused", "alert:deferred", "release:refused", "release:deferred", "probe:ignored", "probe:deferred",
    "mail:refused", "mail:ignored", "letter:withheld",
)  # fmt: skip


def alerts(figures: Figures) -> Section:
    """By category and month, with what became of the copies."""
    postings = figures.counted.postings
    names = {one.code: one.name for one in figures.settings.town.categories}
    found = postings.by_category()
    order = [code for code in names if code in found] + sorted(set(found) - set(names))
    columns = ("alerts", *COPIES, "end_expired", "end_stopped")
    rows: list[Sequence[Cell]] = [(names.get(code, code), *(found[code][name] for name in columns)) for code in order]
    total: Sequence[Cell] = ("合計 / total", *(sum(found[code][name] for code in order) for name in columns))
    months, by_month = figures.months, postings.by_month()
    series = (Series(name=Words("配信", "alerts"), values=tuple(by_month[month] for month in months)),)
    return Section(
        title=Words("配信の状況", "Alerts"),
        blocks=(
            table(
                "l" + "r" * len(columns),
                (
                    ("区分", "category", 4),
                    ("件数", "alerts", 2),
                    ("宛先", "matched", 2.4),
                    ("送信済", "relayed", 2.4),
                    ("失敗", "failed", 2),
                    ("未送信", "not sent", 2),
                    ("期限切れ", "expired", 2.2),
                    ("停止", "stopped", 2),
                ),
                rows,
                total,
            ),
            Chart(title=Words("月別の配信件数", "Alerts by month"), months=months, series=series),
            Facts(rows=tuple(_handling(figures))),
            Note(
                Words(
                    "宛先・送信済・失敗・未送信は一人一通の通数で、配信の終了時に監査記録へ書かれた数の合計。"
                    "訓練は登録者に送られないため、上の件数に含まない。",
                    "Copies are one a person, as the audit log had them when each alert ended. Drills never reach "
                    "those who registered and are not among these alerts.",
                )
            ),
        ),
    )


def _handling(figures: Figures) -> Iterable[tuple[Words, str]]:
    postings, handling = figures.counted.postings, figures.counted.postings.handling()
    yield Words("承認待ちにした配信", "held for release"), f"{number(handling['held'])} 件"
    yield Words("うち承認されたもの", "of them released"), f"{number(handling['released'])} 件"
    yield Words("うち取りやめたもの", "of them withdrawn"), f"{number(handling['withdrawn'])} 件"
    yield Words("うち期限までに承認がなかったもの", "not released in time"), f"{number(handling['not_released'])} 件"
    follow_ups = postings.by_relation()
    parts = "、".join(f"{RELATIONS[name]} {count}" for name, count in sorted(follow_ups.items()) if name in RELATIONS)
    yield Words("続報など", "follow-ups"), f"{number(follow_ups.total())} 件" + (f"({parts})" if parts else "")
    yield Words("訓練", "drills"), f"{number(figures.counted.events['drill:sent'])} 件"


def refusals(figures: Figures) -> Section:
    """Everything that was refused, put off or answered with nothing, by cause."""
    causes = figures.counted.causes
    rows = [
        (event_words.event(name), cause, event_words.cause(cause), causes[name, cause])
        for name in REFUSING
        for cause in sorted({cause for event, cause in causes if event == name}, key=lambda c: (-causes[name, c], c))
    ]
    connections = figures.counted.sums["connection:refused", "count"]
    return Section(
        title=Words("受け付けなかったもの", "What Was Refused, by Cause"),
        blocks=(
            table(
                "lllr",
                (("扱い", "what happened", 5), ("原因", "cause", 4), ("原因の種類", "kind", 5), ("件数", "count", 2)),
                rows,
            ),
            Facts(
                rows=(
                    (Words("断った接続", "connections refused"), f"{number(connections)} 件"),
                    (
                        Words("重複した投稿", "repeated postings"),
                        f"{number(figures.counted.events['alert:repeated'])} 件",
                    ),
                )
            ),
        ),
    )


def letters(figures: Figures) -> Section:
    """Letters to residents, and what came back of mail that could not be delivered."""
    events, sums = figures.counted.events, figures.counted.sums
    renewals = sums["renewal:sent", "letters"]
    return Section(
        title=Words("返信・不達・配信停止", "Letters, Bounces and Suspensions"),
        blocks=(
            _events(figures, LETTERS),
            Facts(
                rows=(
                    (Words("継続の案内", "letters of renewal"), f"{number(renewals)} 通"),
                    (Words("送信を待つ手紙(作成時)", "letters that wait now"), f"{number(figures.letters_waiting)} 通"),
                )
            ),
            _events(figures, (*BOUNCES, *sorted(name for name in events if name.startswith("bounce:")))),
        ),
    )


def _events(figures: Figures, names: Iterable[str]) -> Table:
    events = figures.counted.events
    return table(
        "llr",
        (("内容", "what", 8), ("監査記録の事象", "audit event", 5), ("件数", "count", 2)),
        ((event_words.event(name), name, events[name]) for name in dict.fromkeys(names)),
    )
