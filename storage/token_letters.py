"""How a token is spelled: base32 (RFC 4648) in small letters, unpadded.

All letters at once, in one number: five octets are moved into eight, then their halves apart, and so on down to five
bits an octet. A copy has two tokens, and the library needs three times as long for one.
"""

TOKEN_SIZE = 22  # octets: a row number of six, sealed
_LETTERS = 36
_FIVE = (1 << 40) - 1  # octets, eight letters
_ALPHABET = bytes.maketrans(bytes(range(32)), b"abcdefghijklmnopqrstuvwxyz234567")


def _each(bits: int, room: int) -> int:
    """So many bits in each piece of that many, over eight times five letters."""
    return sum((1 << bits) - 1 << start for start in range(0, 320, room))


_20, _10, _5 = _each(20, 64), _each(10, 32), _each(5, 16)
_20_UP, _10_UP, _5_UP = _20 << 32, _10 << 16, _5 << 8


def spelled(data: bytes) -> str:
    """The letters of a token of TOKEN_SIZE octets."""
    if len(data) != TOKEN_SIZE:
        raise ValueError("a token has another size")
    bits = int.from_bytes(data, "big") << 24  # filled up to 25 octets
    fives = bits & _FIVE | (bits & _FIVE << 40) << 24 | (bits & _FIVE << 80) << 48
    fives |= (bits & _FIVE << 120) << 72 | (bits & _FIVE << 160) << 96
    halves = fives << 12 & _20_UP | fives & _20
    quarters = halves << 6 & _10_UP | halves & _10
    letters = quarters << 3 & _5_UP | quarters & _5
    return letters.to_bytes(40, "big").translate(_ALPHABET)[:_LETTERS].decode()
