"""What somebody wrote themselves: without quotations, signatures and what programs and carriers add (protocol 2.4)."""

import re
from collections.abc import Sequence

SIGNATURE = re.compile(r"--\s?\Z|[-_=＿―ー─━＝*＊+＋~～〜∞★☆◆◇■□]{10,}\s*\Z")
ADDED = re.compile(
    r"\s*(?:.{0,30}から送信(?:されました)?|Sent from .{1,40}|.{0,20}メールアプリから送信"
    r"|(?:Get )?Outlook for [^<]{1,20}(?:<[^<>]{1,80}>)?\s?(?:を入手)?)\s*\Z",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\s*[>＞|]")
# The line that a mail program puts above a quotation.
ATTRIBUTION = re.compile(
    r"(?:On\s.{4,300}wrote:|.{0,200}(?:書きました|のメール|wrote)(?:\s?\(.{1,40}\))?\s?[:：]"
    r"|\d{4}[年/-]\s?\d{1,2}[月/-]\s?\d{1,2}.{0,300}[:：]|.{0,200}<[^\s<>@]{1,64}@[^\s<>@]{1,190}>\s?[:：])\s*\Z"
)
DATED = re.compile(r"On\s|\d{4}[年/-]\s?\d{1,2}[月/-]\s?\d{1,2}")
MOST_FOLDS = 3  # lines into which programs fold it, as our addresses with a token make it long
# From here on everything is the other mail.
ORIGINAL = re.compile(
    r"\s*-{2,}\s?(?:Original Message|Forwarded message|(?:元の|転送)(?:メッセージ|メール)).*"
    r"|\s*(?:Begin forwarded message|転送されたメッセージ)\s?[:：]\s*\Z|_{20,}\s*\Z",
    re.IGNORECASE,
)
OUTLOOK = re.compile(r"\s*(?:From|差出人|送信者)\s?[:：].{0,200}\Z")
OUTLOOK_NEXT = re.compile(r"\s*(?:Sent|Date|送信日時|日時|日付)\s?[:：]")
OF_ORIGINAL = re.compile(
    r"[\s>＞|]*(?:(?:From|To|Cc|Sent|Date|Subject|差出人|送信者|宛先|送信日時|日時|日付|件名)\s?[:：].*)?\Z",
    re.IGNORECASE,
)


def own_text(body: str) -> str:
    """The author's own lines. A quotation above, between or below them is left out."""
    rows = body.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(rows) and not SIGNATURE.match(rows[at]):
        if begins_original(rows, at):
            at = _below_headers(rows, at)
            # Where the quotation has no marks, nobody can tell where it ends.
            if at == len(rows) or not QUOTED.match(rows[at]):
                break
        elif folds := _attribution(rows, at):
            at += folds
        else:
            if not (QUOTED.match(rows[at]) or ADDED.match(rows[at])):
                kept.append(rows[at].rstrip())
            at += 1
    return "\n".join(kept).strip()


def begins_original(rows: Sequence[str], at: int) -> bool:
    """Whether the other mail, with its header, begins in this line."""
    following = rows[at + 1] if at + 1 < len(rows) else ""
    return bool(ORIGINAL.match(rows[at]) or (OUTLOOK.match(rows[at]) and OUTLOOK_NEXT.match(following)))


def _below_headers(rows: Sequence[str], at: int) -> int:
    at += 1
    while at < len(rows) and OF_ORIGINAL.match(rows[at]):
        at += 1
    return at


def _attribution(rows: Sequence[str], at: int) -> int:
    """How many lines the attribution that begins here has; 0 where none begins."""
    if ATTRIBUTION.match(rows[at]):
        return 1
    if DATED.match(rows[at]):
        for folds in range(2, MOST_FOLDS + 1):
            joined = " ".join(rows[at : at + folds])
            if "@" in joined and ATTRIBUTION.match(joined):
                return folds
    return 0


def alert_text(text: str) -> str:
    """5.9  An alert's text up to the author's `-- ` or a quoted block."""
    kept = []
    for row in text.split("\n"):
        if row.rstrip() == "--" or QUOTED.match(row):
            break
        kept.append(row.rstrip())
    return "\n".join(kept).strip("\n")
