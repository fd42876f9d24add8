"""What a check for haste has found (5.10). The word is the author's own, for the letter to them alone."""

from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal["time", "place", "action", "telephone", "address", "name", "house-number", "age"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was noticed. What is missing has no word."""

    kind: Kind
    word: str = field(default="", repr=False)
