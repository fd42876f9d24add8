"""5.10  Checks for people in haste: what an alert lacks, says too much of, or says too late.

They hold an alert for its author's own look at it and refuse nothing, so they would rather miss a little than cry wolf.
No clock and no configuration beyond the town: the moment is that of the mail.
"""

from handlers.haste.finding import KINDS, Finding, Kind
from handlers.haste.noticing import noticed

__all__ = ["KINDS", "Finding", "Kind", "noticed"]
