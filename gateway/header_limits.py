"""The bounds of a mail's header, checked on its octets before any parser sees it (protocol 9, [limits])."""

from gateway.settings import LimitsSettings


def exceeded(raw: bytes, limits: LimitsSettings) -> bool:
    """Whether the header as a whole, one of its fields, or their number is over the limits."""
    head = raw.partition(b"\r\n\r\n")[0]
    if len(head) > limits.header_octets:
        return True
    fields, octets = 0, 0
    for line in head.split(b"\r\n"):
        folded = line[:1] in (b" ", b"\t")
        octets = octets + len(line) + 2 if folded else len(line) + 2
        fields += not folded
        if octets > limits.header_field_octets or fields > limits.header_fields:
            return True
    return False
