"""Chapters about the service and those who run it: what for, by whom, with whose hands."""

from gateway.handling.chapters.saying import NONE, a_moment, a_period, table
from gateway.handling.document import Facts, Note, Section, Words, number
from gateway.handling.figures import Figures, by_organisation

RELEASES = {
    "direct": Words("直ちに配信", "at once"),
    "author": Words("本人の確認後", "after its author's confirmation"),
    "second": Words("別の職員の承認後", "after a second person's release"),
}
PURPOSE = Words(
    "児童生徒等の安全確保を目的として、不審者情報や安全対策情報など子どもの安全に関する情報を、登録した保護者・"
    "地域住民にメールで配信する。登録された情報は、この配信のほかには使わない。",
    "To keep children safe: information on suspicious persons and other dangers is mailed to guardians and residents "
    "who registered. What they registered is used for nothing else.",
)
YES, NO = Words("必要", "needed"), Words("不要", "not needed")


def outline(figures: Figures) -> Section:
    """What this paper is about, and what the service is for."""
    gateway, categories = figures.settings.gateway, figures.settings.town.categories
    return Section(
        title=Words("概要と利用目的", "Outline and Purpose"),
        blocks=(
            Facts(
                rows=(
                    (Words("対象期間", "period"), a_period(figures.period)),
                    (Words("運営組織", "run by"), gateway.organisation),
                    (Words("問い合わせ先", "contact"), gateway.contact or NONE),
                    (Words("受付ドメイン", "mail domain"), gateway.domain),
                    (Words("作成日時", "made at"), a_moment(figures.made_at, figures.period)),
                )
            ),
            Note(PURPOSE),
            table(
                "lll",
                (("配信区分", "category", 4), ("被害者側の同意", "victim's consent", 3), ("配信の承認", "release", 4)),
                ((one.name, YES if one.victim_consent else NO, RELEASES[one.release]) for one in categories),
            ),
            Note(
                Words(
                    "期間中の件数はすべて監査記録から数えた。登録者数・地区別人数・待ち件数・鍵は、作成日時の状態である。",
                    "Numbers of what happened are counted from the audit log. People, districts, what waits and keys "
                    "are as they stood when this report was made.",
                )
            ),
        ),
    )


def staff(figures: Figures) -> Section:
    """The organisations that share the service, and how many of their staff may do what."""
    rows = by_organisation(figures.staff)
    total = ("合計 / total", *(sum(column) for column in list(zip(*rows, strict=True))[1:])) if rows else None
    return Section(
        title=Words("運営組織と職員", "Organisations and Staff"),
        blocks=(
            table(
                "lrrr",
                (
                    ("組織", "organisation", 6),
                    ("投稿できる職員", "staff", 3),
                    ("うち承認可", "may release", 3),
                    ("うち他職員の承認可", "may second", 3),
                ),
                rows,
                total,
            ),
            Note(
                Words(
                    f"職員は登録された公用アドレスと電子署名(DKIM)で本人を確認する。登録職員数 "
                    f"{number(len(figures.staff))} 人。",
                    "Staff are known by their enrolled address, proven by the DKIM signature of their organisation.",
                )
            ),
        ),
    )
