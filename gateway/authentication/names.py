"""DNS names as they may stand in a signature or a From field: letters, digits and hyphens, nothing else.

Checked before a name goes anywhere near a name server: what looks like one name here must not be another there.
"""

import re

LONGEST_NAME = 253  # octets, RFC 1035
LONGEST_LABEL = 63

_LABEL = re.compile(rb"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")


def host_name(data: bytes, *, labels: int = 1) -> str | None:
    """The name in lower case, or None where it is none or has fewer than `labels` labels."""
    if len(data) > LONGEST_NAME:
        return None
    lower = data.lower()
    found = lower.split(b".")
    if len(found) < labels or not all(len(label) <= LONGEST_LABEL and _LABEL.match(label) for label in found):
        return None
    return lower.decode("ascii")
