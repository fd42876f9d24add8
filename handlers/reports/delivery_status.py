"""The fields of a delivery status notification (RFC 3464), wherever in the report they stand. No judging."""

import re
from dataclasses import dataclass, field

LINE = re.compile(
    r"[ \t]*(final-recipient|original-recipient|action|status|diagnostic-code|remote-mta)[ \t]*:(.*)", re.I
)
MOST_LINES = 2_000
MOST_RECIPIENTS = 50
LONGEST_DIAGNOSIS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What became of one recipient; empty where the report does not say."""

    action: str = ""
    status: str = ""
    kind: str = ""  # of the diagnosis: smtp, x-unix …
    diagnosis: str = field(default="", repr=False)

    @property
    def arrived(self) -> bool:
        return self.action in ("delivered", "relayed", "expanded") or self.status.startswith("2")


def recipients(text: str) -> list[Recipient]:
    """Each recipient's fields, in their order; those that say nothing of the outcome are left out."""
    blocks: list[dict[str, str]] = [{}]
    name = ""
    for line in text.splitlines()[:MOST_LINES]:
        found = LINE.match(line)
        if found is None:
            if name and line[:1] in (" ", "\t") and line.strip():  # a field goes on
                blocks[-1][name] = f"{blocks[-1][name]} {line.strip()}"[:LONGEST_DIAGNOSIS]
            else:
                name = ""
            continue
        name = found[1].lower()
        if name in blocks[-1] and name != "remote-mta":
            blocks.append({})
        blocks[-1].setdefault(name, found[2].strip()[:LONGEST_DIAGNOSIS])
    return [_recipient(block) for block in blocks[:MOST_RECIPIENTS] if "action" in block or "status" in block]


def _recipient(block: dict[str, str]) -> Recipient:
    kind, semicolon, diagnosis = block.get("diagnostic-code", "").partition(";")
    if not semicolon or " " in kind.strip():
        kind, diagnosis = "", block.get("diagnostic-code", "")
    status = re.match(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", block.get("status", ""))
    action = re.match(r"[a-z]+", block.get("action", "").lower())
    return Recipient(
        action=action[0] if action else "",
        status=status[0] if status else "",
        kind=kind.strip().lower(),
        diagnosis=diagnosis.strip(),
    )
