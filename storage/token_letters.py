"""How a token is spelled: base32 (RFC 4648) in small letters, unpadded. The library needs twice as long for it."""

TOKEN_SIZE = 22  # octets: a row number of six, sealed
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_SHIFTS = range(170, -1, -10)  # the pairs of letters, of five bits each, in the 180 bits that a token is filled up to


def spelled(data: bytes) -> str:
    """The letters of a token of TOKEN_SIZE octets."""
    if len(data) != TOKEN_SIZE:
        raise ValueError("a token has another size")
    bits = int.from_bytes(data, "big") << 4
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])
