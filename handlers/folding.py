"""Makes equal what people hold to be equal: widths, cases, the two kana (protocol 2.1)."""

import unicodedata

KATAKANA = range(ord("ァ"), ord("ヶ") + 1)
TO_HIRAGANA = {code: code - 0x60 for code in KATAKANA}


def fold(text: str) -> str:
    """The text in one form: NFKC, lower case, katakana as hiragana, no blanks around it."""
    return unicodedata.normalize("NFKC", text).casefold().translate(TO_HIRAGANA).strip()
