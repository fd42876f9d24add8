"""5.10  What looks like a person's full name. A family name alone, and the head of a school who signs, are none."""

import re
from collections.abc import Iterator

from handlers.haste.surnames import GIVEN, READINGS, ROMANISED, SURNAMES
from handlers.town import Town

HAN = "一-龥々〆ヶ"
TITLE = r"[」』]?(?:さん|くん|君|ちゃん|氏|様|さま|容疑者|被告|受刑者)"
AGE = r" ?(?:[(、,] ?)?\d{1,3}(?:歳|才|\))"
LONGEST_SURNAME = 4
# Who stands publicly for an office signs with a name.
OFFICE = re.compile(
    r"(?:校長|園長|教頭|教育長|市長|町長|村長|区長|会長|署長|所長|局長|館長|課長|理事長|代表|principal"
    r"|mayor)(?:代理)?:? ?\Z",
    re.IGNORECASE,
)
# After a family name, these make a place, an office or a shop of it.
NO_GIVEN_NAME = re.compile(
    r"(?:[市町村区郡県駅橋川山寺池坂店線号館園院社通道台丘谷沢原城港島浜湖]|地区|校区|公園|神社|交差|小学|中学|高校"
    r"|高等|幼稚|保育|大学|学園|病院|医院|警察"
    r"|方面|付近|周辺|東部|西部|南部|北部|先生|教諭|校長|教頭|課長|巡査|家|宅|様|氏|君|容疑|被告|建設|工務|商店"
    r"|商事|運輸|電機|製作|工業|団地|銀行|書店"
    r"|[東西南北中]\d|\d)"
)
LABELLED = re.compile(
    rf"(?:氏名|名前|本名|姓名)(?:\(.{{0,8}}\))? ?[:は] ?(?!不明|非公表|未|匿名|公表"
    rf"|なし)([{HAN}ぁ-んァ-ヴー・A-Za-z]{{2,8}}(?: [{HAN}ぁ-んァ-ヴーA-Za-z]{{1,10}})?)"
)
SPACED = re.compile(
    rf"(?<![{HAN}])([{HAN}]{{1,4}}) ([{HAN}]{{1,4}}|[ぁ-ん]{{2,4}}|[ァ-ヴー]{{2,5}})(?= ?(?:{TITLE}|{AGE}))"
)
CLOSE = re.compile(rf"([{HAN}]{{3,6}}?|[{HAN}]{{2,4}}[ぁ-んァ-ヴー]{{2,3}})(?={TITLE}|{AGE})")
BARE = re.compile(
    rf"(?:(?<![{HAN}ァ-ヴ])|(?<=[年組名生職児犯者員]))(?:[{HAN}]{{3,7}}|[{HAN}]{{1,4}} [{HAN}ぁ-ん]{{1,3}})"
)
KANA = re.compile(
    rf"([ぁ-ん]{{2,8}}) ([ぁ-ん]{{2,5}})(?={TITLE}|{AGE})|(?<![ぁ-んー])([ぁ-ん]{{4,9}})(?=くん|君"
    rf"|ちゃん|さん|{AGE})"
)
FOREIGN = re.compile(rf"[ァ-ヴー]{{2,12}}[・=] ?[ァ-ヴー]{{2,12}}(?=[・=ァ-ヴー]{{0,14}} ?(?:{TITLE}|{AGE}))")
NOT_PEOPLE = re.compile(
    r"(?:皆|児童|生徒|園児|保護者|住民|警察官|巡査|運転手|店員|業者|職員|会社員|高齢者|関係者|歩行者|利用者|参加者"
    r"|子供|子ども|隊員|お客|奥|神|王|家族|配達員|作業員"
    r"|委員|会員|会長|農家|大家|兄|姉|弟|妹|父|母|祖父|祖母|女性|男性|女児|男児|女子|男子|少年|少女|同級生|小学生"
    r"|中学生|高校生|大学生|年生|諸|各|地域|近所|団|役|係)\Z"
)
ENGLISH = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr)\.? ([A-Z][a-z]+ [A-Z][a-z]+)"
    r"|(?<![A-Za-z])(?:named|called|name is|name:) ([A-Z][a-z]+ [A-Z][a-z]+)"
)
TWO_WORDS = re.compile(
    r"(?<![A-Za-z])([A-Z][A-Za-z]+)(?: ([A-Z]\.))? ([A-Z][A-Za-z]+)(?![A-Za-z])"
    r"(?! (?:Park|Station|School|Elementary|Junior|High|Street"
    r"|River|Bridge|City|Shrine|Hospital|Police|Ward|Town|Store|Library|Hall))"
)
_PLACES = """
the at in near on from to park station school elementary junior high street river bridge city shrine hospital
police ward town store library hall north south east west kita minami higashi nishi naka principal prefecture
university kindergarten nursery road line dam pass please today district
"""
NO_ROMAN_GIVEN = frozenset(_PLACES.split())


def full_name(text: str, town: Town) -> str | None:
    """The first thing in the text that looks like family name and given name together."""
    places = {word for district in town.districts for word in (district.name, *district.aliases, *district.schools)}
    return next((word for word in _names(text) if word not in places), None)


def _names(text: str) -> Iterator[str]:
    for match in LABELLED.finditer(text):
        yield match[1]
    for pattern in (SPACED, CLOSE):
        yield from (match.group() for match in pattern.finditer(text) if _is_a_name(text, match))
    yield from (match.group() for match in FOREIGN.finditer(text))
    yield from (match.group() for match in KANA.finditer(text) if _is_kana_name(match))
    yield from (match.group() for match in BARE.finditer(text) if _stands_bare(text, match))
    yield from (match[1] or match[2] for match in ENGLISH.finditer(text))
    yield from (match.group() for match in TWO_WORDS.finditer(text) if _is_romanised(text, match))


def _is_a_name(text: str, match: re.Match[str]) -> bool:
    """Before a title or an age: any family name that we know, or two words that no noun ends."""
    words = match.group()
    if NOT_PEOPLE.search(words) or _signs_for_an_office(text, match.start()):
        return False
    if " " in words:
        surname, _, given = words.partition(" ")
        return _ends_in_a_surname(surname) or (len(surname) > 1 and set(given) <= GIVEN)
    return any(_splits(words[start:]) for start in range(len(words) - 2))


def _splits(word: str) -> bool:
    """A known family name and one to three signs after it."""
    return any(
        word[:size] in SURNAMES and not NO_GIVEN_NAME.match(word, size) and not NOT_PEOPLE.search(word)
        for size in range(1, LONGEST_SURNAME + 1)
        if 1 <= len(word) - size <= 3 and (size > 1 or len(word) > 2)
    )


def _ends_in_a_surname(words: str) -> bool:
    return any(words[start:] in SURNAMES for start in range(len(words)))


def _stands_bare(text: str, match: re.Match[str]) -> bool:
    """Without title or age, only where the given name is made of signs of given names and nothing else follows."""
    word = match.group()
    if _signs_for_an_office(text, match.start()) or re.match(rf"[{HAN}ァ-ヴ\d]", text[match.end() : match.end() + 1]):
        return False
    surname, blank, given = word.partition(" ")
    if blank:
        return surname in SURNAMES and len(given) > 1 and set(given) <= GIVEN
    return any(
        word[:size] in SURNAMES
        and len(word) - size >= 2
        and set(word[size:]) <= GIVEN
        and not NO_GIVEN_NAME.match(word, size)
        for size in range(2, LONGEST_SURNAME + 1)
    )


def _is_kana_name(match: re.Match[str]) -> bool:
    if match[1]:
        return match[1].endswith(tuple(READINGS))
    return any(match[3].startswith(reading) and 2 <= len(match[3]) - len(reading) <= 4 for reading in READINGS)


def _is_romanised(text: str, match: re.Match[str]) -> bool:
    first, last = match[1].lower(), match[3].lower()
    if {first, last} & NO_ROMAN_GIVEN or _signs_for_an_office(text, match.start()):
        return False
    return first in ROMANISED or last in ROMANISED


def _signs_for_an_office(text: str, start: int) -> bool:
    return OFFICE.search(text, max(0, start - 12), start) is not None
