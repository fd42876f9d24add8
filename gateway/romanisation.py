"""Kana in Latin letters (Hepburn, as station signs have it but for the macrons), for the codes of districts.

It invents no reading: a sign that is neither kana nor plain ASCII has none (protocol 1, `subscribe+DISTRICT@`).
"""

import re

from handlers.folding import fold

SYLLABLES = dict(
    zip(
        "あ い う え お か き く け こ さ し す せ そ た ち つ て と な に ぬ ね の は ひ ふ へ ほ ま み む め も や ゆ よ "
        "ら り る れ ろ わ ゐ ゑ を ん が ぎ ぐ げ ご ざ じ ず ぜ ぞ だ ぢ づ で ど ば び ぶ べ ぼ ぱ ぴ ぷ ぺ ぽ ゔ "
        "ぁ ぃ ぅ ぇ ぉ ゎ ゕ ゖ".split(),
        "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu "
        "yo ra ri ru re ro wa i e o n ga gi gu ge go za ji zu ze zo da ji zu de do ba bi bu be bo pa pi pu pe po vu "
        "a i u e o wa ka ka".split(),
        strict=True,
    )
)
GLIDES = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
SMALL_VOWELS = {"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}
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
