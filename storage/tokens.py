"""Keyed, stateless tokens of a subscription (leave, bounce) and of a letter (bounce); see protocol 1.2."""

from storage.keyring import Keyring
from storage.records import LeaveClaim

NOBODY = 0  # no row has this number: the return path of a letter, which belongs to no subscription
PURPOSES = {"leave": ("leave",), "bounce": ("bounce", "letter", "probe")}


def claim(keyring: Keyring, command: str, token: str) -> LeaveClaim | None:
    """The subscription that a token of `leave+` or `bounce+` names; None where no living year made it."""
    for year in keyring.years():
        for purpose in PURPOSES[command]:
            number = keyring.year(year).token_number(purpose, token)
            if number is not None:
                if purpose == "letter":
                    return LeaveClaim(year=year, subscription_id=NOBODY, letter=number)
                return LeaveClaim(year=year, subscription_id=number, probe=purpose == "probe")
    return None
