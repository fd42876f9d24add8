"""5.10  What an alert gives away of people's whereabouts: telephone numbers, mail addresses, exact house numbers."""

import re
from collections.abc import Iterator

from handlers.haste.statements import plain
from handlers.town import Town

PUBLIC = frozenset({"110", "118", "119", "171", "188", "189"})
NUMBER = re.compile(
    r"(?<![\d#-])(?:\+81[ .-]?\(?0?\)?|\(?0)\d{1,4}\)?[ .(-]{0,2}\d{1,4}[ .)-]{0,2}\d{3,4}(?![\d-])"
    r"|(?:tel|phone|電話(?:番号)?|℡|☎|内線|連絡先)[^\d\n]{0,4}(\d{2,4}[ .-]\d{4})(?![\d-])",
    re.IGNORECASE,
)
LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
HOST = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
ADDRESS = re.compile(rf"{LOCAL} ?(?:@|\[at\]|\(at\)|★|\(アット\)|アットマーク) ?({HOST})", re.IGNORECASE)
HOUSE = re.compile(
    r"[\d一二三四五六七八九十百千〇]{1,10}番地(?:の ?\d+)?|\d{1,5}番(?:地の)?\d{0,4}-?\d{1,4}号"
    r"|[\d一二三四五六七八九十]{1,5}番[\d一二三四五六七八九十]{1,5}号|丁目 ?\d{1,4}-\d{1,4}(?:-\d{1,4})?"
    r"|丁目 ?\d{1,4}番 ?\d{1,4}"
    r"|(?<![\d./:-])\d{1,4}-\d{1,4}-\d{1,4}(?![\d-])|(?<=[町村字郷区市]) ?\d{1,4}-\d{1,4}(?![\d-]|年|時|組|人|名|歳"
    r"|日|月|号線|番線)"
    r"|\d{2,4}号室|[\d一二三四五六七八九十]{1,4}丁目 ?\d{1,3}の\d{1,3}(?:の\d{1,3})?"
    r"|\b(?:No\. ?)?\d{1,4} [A-Z][\w-]+ (?:Street|St|Avenue|Ave|Road|Rd|Lane)\b"
    r"|(?<![\d./:-])\d{1,4}-\d{1,4},? [A-Z][\w-]+(?:-(?:cho|machi|mura)|cho|machi)\b"
)
IS_A_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}\Z|\d{1,2}-\d{1,2}-(?:19|20)\d\d\Z")


def telephone(text: str, town: Town) -> str | None:
    """A telephone number that is neither public nor the town's own."""
    ours = {*PUBLIC, *map(_digits, _numbers(plain(town.contact)))}
    return next((word for word in _numbers(text) if _digits(word) not in ours), None)


def address(text: str, town: Town) -> str | None:
    """A mail address that is not the service's own."""
    return next((match.group() for match in ADDRESS.finditer(text) if match[1].lower() != town.domain.lower()), None)


def house_number(text: str, town: Town) -> str | None:
    """A house, rather than a part of a town: 三丁目 is none, 三丁目5番2号 is one."""
    numbers = list(_numbers(text))
    found = (match.group().strip() for match in HOUSE.finditer(text))
    return next(
        (word for word in found if not IS_A_DATE.match(word) and not any(word in each for each in numbers)), None
    )


def _numbers(text: str) -> Iterator[str]:
    for match in NUMBER.finditer(text):
        if match[1] is not None:
            yield match[1]
        elif 9 <= len(_digits(match.group())) <= 11:
            yield match.group()


def _digits(word: str) -> str:
    digits = re.sub(r"\D", "", word)
    if word.startswith("+81"):
        return "0" + digits.removeprefix("81").removeprefix("0")
    return digits
