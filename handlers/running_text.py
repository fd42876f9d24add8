"""Where a name stands for itself in a sentence, and where it is part of a longer one (protocol 3.3).

Japanese has no blanks between words, so the signs beside a name must tell where it ends: kanji do not run into kanji,
nor kana into kana of the same sort, but for what people add to a name.
"""

import re
from collections.abc import Sequence

from handlers.district_words import KANJI, levelled
from handlers.folding import TO_HIRAGANA

HIRAGANA, KATAKANA = "ぁ-ゖ", "ァ-ヺー"
SORTS = (
    ("kanji", re.compile(rf"[{KANJI}0-9]")),
    ("hiragana", re.compile(rf"[{HIRAGANA}]")),
    ("katakana", re.compile(rf"[{KATAKANA}]")),
    ("latin", re.compile("[a-z]")),
)
# Polite words at the end of a list of names.
POLITE = re.compile(
    r"(?:です|でお願い|でおねがい|をお願い|をおねがい|お願い|おねがい|でよろしく|よろしく|宜しく|を?希望|[にを]?登録).*\Z"
)
BEFORE_KANJI = "市町村区域校立"
BEFORE_HIRAGANA = "はがのをとも"
AFTER_KANJI = re.compile("希望|登録|配信|在住|在学|通学|同意|追加|保護者|及び|又は|並びに|エリア")
AFTER_HIRAGANA = re.compile("です|でお|でよ|だけ|と|を|も|や|お願|おねが|よろしく")
ANOTHER_PLACE = re.compile("みなみ|きた(?!い)|ひがし|にし(?![てまた])|ちゅうおう")
JOINED_LEFT = re.compile(r"[a-z0-9@_ー]\Z|[a-z0-9]\.\Z")
JOINED_RIGHT = re.compile(r"[a-z0-9@_ー]|\.[a-z0-9]")
BESIDE = 8  # signs beside a word that are looked at
LATIN = re.compile(r"[a-z0-9._ー]+\Z")


def sort(sign: str) -> str:
    return next((name for name, pattern in SORTS if pattern.match(sign)), "")


class Page:
    """A text from which names are cut, one after the other."""

    def __init__(self, text: str) -> None:
        self._written = levelled(text)  # sign for sign beside the folded text: the sort of kana tells where words end
        self._folded = self._written.translate(TO_HIRAGANA)

    def cut(self, form: str, ending: str = "") -> list[str]:
        """Every place where the form, with or without an ending, stands for itself; it is gone from the text then."""
        if form not in self._folded:
            return []
        found = [each for each in re.finditer(re.escape(form) + ending, self._folded) if self._stands_alone(each)]
        self._written, self._folded = (_blotted(text, found) for text in (self._written, self._folded))
        return [each[0] for each in found]

    def _stands_alone(self, found: re.Match[str]) -> bool:
        start, end = found.span()
        word = self._written[start:end]
        before, after = self._written[max(0, start - BESIDE) : start], self._written[end : end + BESIDE]
        if LATIN.match(word) and not word.startswith("ー"):
            return not JOINED_LEFT.search(before) and not JOINED_RIGHT.match(after)
        kana = all(sort(sign) in ("hiragana", "katakana") for sign in word)
        return _begins(word, before[-1:], kana) and _ends(word, after, kana)


def _blotted(text: str, found: Sequence[re.Match[str]]) -> str:
    """The text with every match made blank; it keeps its length."""
    pieces, at = [], 0
    for each in found:
        pieces += [text[at : each.start()], "\n" * len(each[0])]
        at = each.end()
    return "".join([*pieces, text[at:]])


def _begins(word: str, before: str, kana: bool) -> bool:
    match sort(before):
        case "kanji":
            return before in BEFORE_KANJI
        case "hiragana":
            return not (kana and sort(word[0]) == "hiragana") or before in BEFORE_HIRAGANA
        case "katakana":
            return kana and sort(word[0]) == "hiragana"
    return True


def _ends(word: str, after: str, kana: bool) -> bool:
    match sort(after[:1]):
        case "kanji" | "katakana":
            return AFTER_KANJI.match(after) is not None
        case "hiragana" if kana and sort(word[-1]) == "hiragana":
            return AFTER_HIRAGANA.match(after) is not None
        case "hiragana":
            return not ANOTHER_PLACE.match(after)
        case "latin":
            return False
    return True
