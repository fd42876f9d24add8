"""Kana in Latin letters (Hepburn, as station signs have it but for the macrons), for the codes of districts.

It invents no reading: a sign that is neither kana nor plain ASCII has none (protocol 1, `subscribe+DISTRICT@`).
"""

import re

from handlers.folding import fold

ROWS = {
    "": "あいうえお", "k": "かきくけこ", "s": "さしすせそ", "t": "たちつてと", "n": "なにぬねの", "h": "はひふへほ",
    "m": "まみむめも", "r": "らりるれろ", "g": "がぎぐげご", "z": "ざじずぜぞ", "d": "だぢづでど", "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
}  # fmt: skip
IRREGULAR = {
    "し": "shi", "ち": "chi", "つ": "tsu", "ふ": "fu", "じ": "ji", "ぢ": "ji", "づ": "zu", "や": "ya", "ゆ": "yu",
    "よ": "yo", "わ": "wa", "ゐ": "i", "ゑ": "e", "を": "o", "ん": "n", "ゔ": "vu", "ゎ": "wa", "ゕ": "ka", "ゖ": "ka",
}  # fmt: skip
SMALL_VOWELS = {"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}
SYLLABLES = {
    **{kana: consonant + vowel for consonant, row in ROWS.items() for kana, vowel in zip(row, "aiueo", strict=True)},
    **IRREGULAR,
    **SMALL_VOWELS,
}
GLIDES = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
BEFORE_SMALL_VOWEL = {
    "ふ": "f",
    "ゔ": "v",
    "て": "t",
    "で": "d",
    "う": "w",
    "じ": "j",
    "し": "sh",
    "ち": "ch",
    "つ": "ts",
}
UNIT = re.compile(r"[ふゔてでうじしちつ][ぁぃぅぇぉ]|[きしちにひみりぎじぢびぴ][ゃゅょ]|.", re.DOTALL)
LONG = re.compile("o[ou]|uu")
PLAIN = re.compile("[a-z0-9]")
LONGEST_CODE = 40


def code_of(kana: str) -> str | None:
    """A code of a-z, 0-9 and - that sounds like the kana; None where a sign has no known sound."""
    sounds = ""
    doubled = False
    for unit in UNIT.findall(fold(kana)):
        sound = _sound(unit)
        if sound is None:
            return None
        if unit == "っ":
            doubled = True
            continue
        if doubled and sound[:1].isalpha():
            sound = ("t" if sound.startswith("ch") else sound[0]) + sound
        doubled = False
        sounds += sound
    code = re.sub("-+", "-", LONG.sub(lambda found: found[0][0], sounds))
    return code[:LONGEST_CODE].strip("-") or None


def _sound(unit: str) -> str | None:
    if unit in ("っ", "ー"):
        return ""
    if PLAIN.fullmatch(unit):
        return unit
    if len(unit) == 2 and unit[1] in SMALL_VOWELS:
        return BEFORE_SMALL_VOWEL[unit[0]] + SMALL_VOWELS[unit[1]]
    if len(unit) == 2:
        return _glide(SYLLABLES[unit[0]].removesuffix("i"), GLIDES[unit[1]])
    if unit.isspace() or unit in "-・･._":
        return "-"
    return SYLLABLES.get(unit)


def _glide(consonant: str, vowel: str) -> str:
    """しゃ is sha, きゃ is kya."""
    return consonant + ("" if consonant in ("sh", "ch", "j") else "y") + vowel
