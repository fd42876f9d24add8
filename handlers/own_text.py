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
FOLDED = re.compile(r"On\s|\d{4}[年/-]\s?\d{1,2}[月/-]\s?\d{1,2}")
FOLDED_END = re.compile(r"(?:.{0,100}<[^\s<>@]{1,64}@[^\s<>@]{1,190}>\s?)?(?:wrote\s?|のメール\s?)?[:：]\s*\Z")
# From here on everything is the other mail.
ORIGINAL = re.compile(r"\s*-{2,}\s?(?:Original Message|元のメッセージ|Forwarded message|転送メッセージ).*|_{20,}\s*\Z")
OUTLOOK = re.compile(r"\s*(?:From|差出人|送信者)\s?[:：].{0,200}\Z")
OUTLOOK_NEXT = re.compile(r"\s*(?:Sent|Date|送信日時|日時|日付)\s?[:：]")


def own_text(body: str) -> str:
    """The author's own lines. A quotation above, between or below them is left out."""
    rows = body.split("\n")
    kept: list[str] = []
    for row, following in zip(rows, (*rows[1:], ""), strict=True):
        if SIGNATURE.match(row) or ORIGINAL.match(row) or (OUTLOOK.match(row) and OUTLOOK_NEXT.match(following)):
            break
        # Programs fold a long attribution, as our addresses with a token make it, into two lines.
        attribution = ATTRIBUTION.match(row) or (FOLDED.match(row) and FOLDED_END.match(following))
        if not (attribution or QUOTED.match(row) or ADDED.match(row) or FOLDED_END.match(row)):
            kept.append(row.rstrip())
    return "\n".join(kept).strip()


def alert_text(text: str) -> str:
    """5.9  An alert's text up to the author's `-- ` or a quoted block."""
    kept = []
    for row in text.split("\n"):
        if row.rstrip() == "--" or QUOTED.match(row):
            break
        kept.append(row.rstrip())
    return "\n".join(kept).strip("\n")
