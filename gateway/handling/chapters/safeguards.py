"""Chapters about what protects the register: keys, retention, the audit log, versions, and every event counted."""

from collections.abc import Iterator

from gateway.audit.verifying import Verdict
from gateway.handling import event_words
from gateway.handling.chapters.saying import NONE, a_day, a_moment, table
from gateway.handling.document import Facts, Note, Section, Words, number
from gateway.handling.figures import Figures
from storage.clock import moment

ROOT = Words("運用鍵", "the gateway's own")


def keys(figures: Figures) -> Section:
    """Which keys there are and were; none is shown."""
    return Section(
        title=Words("暗号鍵", "Keys"),
        blocks=(
            table(
                "llll",
                (("鍵", "key", 3), ("識別子", "id", 4), ("生成", "made", 5), ("破棄", "destroyed", 5)),
                (
                    (
                        ROOT if one.name == "root" else Words(f"{one.name}年度", f"year {one.name}"),
                        one.id or NONE,
                        a_moment(one.made_at, figures.period) if one.made_at else Words("初期設定時", "at the set-up"),
                        a_moment(one.destroyed_at, figures.period),
                    )
                    for one in figures.keys
                ),
            ),
            Note(
                Words(
                    "鍵はデータベースとバックアップの外に置き、さらに別の鍵(KEK)で包む。年度鍵を破棄すると、その年度の"
                    "登録はバックアップを含めて誰にも読めなくなる。",
                    "Keys lie outside the database and its backups, wrapped by another key (KEK). Without the key of a "
                    "year nobody can read its registrations again, in any backup.",
                )
            ),
        ),
    )


def retention(figures: Figures) -> Section:
    """Until when each open year is kept, and what was destroyed."""
    calendar = figures.period.calendar
    destroyed = [entry for entry in figures.counted.acts if entry.event == "year:destroyed"]
    return Section(
        title=Words("保存期間と破棄", "Retention and Destruction"),
        blocks=(
            Facts(
                rows=tuple(
                    (
                        Words(f"{year}年度の登録", f"fiscal year {year}"),
                        f"{a_day(calendar.last_day(year))} に破棄 / destroyed after {calendar.last_day(year)}",
                    )
                    for year in calendar.open_years(figures.made_at)
                )
            ),
            table(
                "lll",
                (
                    ("年度", "year", 2),
                    ("破棄日時", "destroyed at", 5),
                    ("破棄証明の記録", "what the certificate says", 9),
                ),
                (
                    (str(detail.get("year", NONE)), a_moment(entry.at, figures.period), certificate(detail))
                    for entry in destroyed
                    for detail in (_detail(entry.value()),)
                ),
                empty=Words("破棄した年度はまだありません", "no year was destroyed yet"),
            ),
        ),
    )


def log(figures: Figures) -> Section:
    """How long the log is, whether it is whole, and by what it can be told from another."""
    last = figures.counted.last
    return Section(
        title=Words("監査記録", "Audit Log"),
        blocks=(
            Facts(
                rows=(
                    (Words("記録の総数", "entries"), f"{number(last.seq if last else 0)} 件"),
                    (Words("最後の記録", "newest entry"), a_moment(last.at if last else None, figures.period)),
                    (Words("改変の検査", "verified"), _verified(figures.verified)),
                    (Words("末尾の連鎖値", "hash of the last link"), figures.last_chain),
                    (Words("最後の検印", "last checkpoint"), _checkpoint(figures)),
                    (Words("検印の公開鍵", "public key of checkpoints"), figures.audit_key or NONE),
                )
            ),
            Note(
                Words(
                    "監査記録に住所・氏名・メールアドレスはない。住民は行とともに消える無作為の仮名で示される。"
                    "検査は mimamori audit verify で誰でもやり直せる。",
                    "The log holds no address. Residents stand in it by random pseudonyms that die with their rows. "
                    "`mimamori audit verify` repeats the verification.",
                )
            ),
        ),
    )


def versions(figures: Figures) -> Section:
    """The program and what it stands on."""
    return Section(
        title=Words("プログラムの版", "Versions"),
        blocks=(Facts(rows=tuple((Words(name, ""), version) for name, version in figures.versions.items())),),
    )


def events(figures: Figures) -> Section:
    """Every kind of entry of the period, so that each number of the report can be looked up."""
    found = figures.counted.events
    return Section(
        title=Words("監査記録の事象別件数(期間中)", "All Audit Events of the Period"),
        blocks=(
            table(
                "llr",
                (("事象", "event", 5), ("内容", "what it says", 8), ("件数", "count", 2)),
                ((name, event_words.event(name), found[name]) for name in sorted(found)),
                ("合計 / total", "", found.total()),
            ),
            Note(
                Words(
                    "mimamori audit tail --event 事象 --since 日時 --json で、それぞれの記録を確かめられる。",
                    "`mimamori audit tail --event EVENT --since TIME --json` shows the entries themselves.",
                )
            ),
        ),
    )


def _verified(found: Verdict) -> str:
    if found.fault is not None:
        return f"異常 / FAULT: {found.fault.seq} 件目 / at entry {found.fault.seq}: {found.fault.what}"
    signed = "署名も検証済 / signatures verified" if found.signed else "署名は未検証 / signatures not verified"
    return (
        f"{number(found.entries)} 件すべて改変なし / none of {number(found.entries)} entries was changed; "
        f"検印 / checkpoints {number(found.checkpoints)} ({signed})"
    )


def _checkpoint(figures: Figures) -> str:
    """Its number, time, size and root: what somebody compares who holds a copy of it."""
    if (kept := figures.checkpoint) is None:
        return NONE
    root = (kept.note.splitlines() + [""] * 3)[2]
    made = a_moment(moment(kept.made_at), figures.period)
    return f"第{kept.number}号 / number {kept.number}, {made}, {number(kept.size)} 件 / entries, {root}"


def _detail(value: dict[str, object]) -> dict[str, object]:
    detail = value["detail"]
    assert isinstance(detail, dict)
    return detail


def certificate(detail: dict[str, object]) -> str:
    """What the log keeps of a certificate of destruction, as far as it says it."""
    return "; ".join(_parts(detail)) or NONE


def _parts(detail: dict[str, object]) -> Iterator[str]:
    rows, ids = detail.get("rows"), detail.get("key")
    if detail.get("early"):
        yield "期日前 / before its date"
    if isinstance(rows, dict):
        yield f"登録 / registrations {number(rows.get('subscription', 0))}, 全行 / rows {number(sum(rows.values()))}"
    if isinstance(ids, list):
        yield f"鍵 / key {', '.join(map(str, ids)) or NONE}"
    if "certificate" in detail:
        yield f"証明書 / certificate SHA-256 {detail['certificate']}"
