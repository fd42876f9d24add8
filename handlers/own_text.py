"""What somebody wrote themselves: without quotations, signatures and what programs and carriers add (protocol 2.4)."""

import re

SIGNATURE = re.compile(r"--\s?\Z|[-_=＿―ー]{10,}\s*\Z")
ADDED = re.compile(
    r"\s*(?:.{0,30}から送信(?:されました)?|Sent from .{1,40}|Get Outlook for .{1,20}|Outlook for .{1,20} を入手"
    r"|.{0,20}メールアプリから送信)\s*\Z"
)
QUOTED = re.compile(r"\s*[>＞|]")
# The line that a mail program puts above a quotation.
ATTRIBUTION = re.compile(
    r"(?:On\s.{4,200}wrote:|.{0,200}(?:書きました|のメール|wrote)\s?[:：]"
    r"|\d{4}[年/-]\s?\d{1,2}[月/-]\s?\d{1,2}.{0,200}[:：])\s*\Z"
)
# From here on everything is the other mail.
ORIGINAL = re.compile(r"\s*-{2,}\s?(?:Original Message|元のメッセージ|Forwarded message|転送メッセージ).*|_{20,}\s*\Z")
OUTLOOK = re.compile(r"\s*(?:From|差出人|送信者)\s?[:：].{0,200}\Z")
OUTLOOK_NEXT = re.compile(r"\s*(?:Sent|Date|送信日時|日時|日付)\s?[:：]")


def own_text(body: str) -> str:
    """The author's own lines. A quotation above, between or below them is left out."""
    rows = body.split("\n")
    kept: list[str] = []
    for number, row in enumerate(rows):
        following = rows[number + 1] if number + 1 < len(rows) else ""
        if SIGNATURE.match(row) or ORIGINAL.match(row) or (OUTLOOK.match(row) and OUTLOOK_NEXT.match(following)):
            break
        if not (QUOTED.match(row) or ADDED.match(row) or ATTRIBUTION.match(row)):
            kept.append(row.rstrip())
    return "\n".join(kept).strip()


def alert_text(text: str) -> str:
    """5.9  An alert's text up to the author's `-- ` or a quoted block."""
    kept = []
    for row in text.split("\n"):
        if (SIGNATURE.match(row) and row.startswith("--") and row.rstrip() == "--") or QUOTED.match(row):
            break
        kept.append(row.rstrip())
    return "\n".join(kept).strip("\n")
