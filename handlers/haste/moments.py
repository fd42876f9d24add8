"""5.10  When an event was: whether the alert says it at all, and whether that is longer ago than six hours.

An expression stands for the latest moment that it can mean: 「昨日」 alone is the end of yesterday.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import zip_longest

from handlers.haste.dates import DATE, dated
from handlers.haste.events import Matter, arranges, matter
from handlers.haste.hours import HOUR, of_day
from handlers.haste.statements import Statement, statements

NEAR = 8  # signs between a date and its hour
OLDEST = timedelta(hours=6)
AGO = re.compile(
    r"(\d{1,3})(分|時間|日)(?:ほど|くらい|ぐらい|程)?前|(\d{1,3}|an?) ?(minute|hour|day)s? ago", re.IGNORECASE
)
JUST_NOW = re.compile(
    r"先ほど|さきほど|先程|さっき|たった今|たったいま|ただいま|ただ今|只今|\b(?:just now|a moment ago|moments ago)\b",
    re.IGNORECASE,
)
# In what is arranged or goes on, these say when, too; of an event they do not.
AT_LARGE = re.compile(
    r"現在|今後|今週|来週|今月|来月|当日|当面|しばらく|本年度|今年度|今年|今晩|今夜|明晩|登校時|下校時|放課後|学期"
    r"|夏休み|冬休み|春休み"
    r"|(?:て|で)(?:い|お)(?:り)?ます|中です|\d{1,2}月|\b(?:now|currently|next week|this week|until|is|are)\b",
    re.IGNORECASE,
)
ONLY_A_DATE = re.compile(r"[\s\d年月日令和平成元/.()月火水木金土祝曜-]+\Z")  # the date of a letter
STILL = re.compile(r"現在|時点|目撃|出没|発見|発生|確認|再び|再度|通報|\b(?:seen|spotted|as of|again)\b", re.IGNORECASE)
GOES_ON = re.compile(
    r"(?:現在[もは、]?[^。]*(?:通行止め|中|て(?:い|お)(?:り)?ます)|から[^。]*て(?:い|お)(?:り)?ます)|\bstill\b",
    re.IGNORECASE,
)
HOURS_OF_OFFICE = re.compile(r"受付|窓口|開庁|問い?合わ?せ|連絡先|電話(?:番号)?[:)(]")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that an alert names, in the author's words, and the latest moment that it can mean."""

    word: str = field(repr=False)
    latest: datetime


def given(said: Sequence[Statement], about: Matter) -> bool:
    """Whether the alert says when: an incident in a statement about it, what is arranged anywhere."""
    if about == "ended" or (about == "notice" and not arranges(said)):
        return True
    if about in ("weather", "notice"):
        return any(_names_a_time(each.text) or AT_LARGE.search(each.text) for each in said)
    return any(each.of_event and _names_a_time(each.text) for each in said)


def _names_a_time(text: str) -> bool:
    if ONLY_A_DATE.match(text):
        return False
    return any(pattern.search(text) for pattern in (AGO, JUST_NOW, DATE, HOUR))


def old(subject: str, text: str, received_at: datetime) -> str | None:
    """The author's words for a time more than six hours before the mail, where nothing later is told."""
    said = statements(subject, text)
    about = matter(said)
    if about in ("ended", "notice"):
        return None
    first: Moment | None = None
    day: date | None = None
    for statement in said:
        found, day = _moments(statement.text, received_at, day)
        past = [moment for moment in found if moment.latest <= received_at] if _may_be_past(statement, about) else []
        if past and (first is None or STILL.search(statement.text)):
            latest = max(past, key=lambda moment: moment.latest)
            first = latest if first is None else max(first, latest, key=lambda moment: moment.latest)
    return first.word if first is not None and first.latest < received_at - OLDEST else None


def _may_be_past(statement: Statement, about: Matter) -> bool:
    """Whether a time in it can be that of something over: what goes on is not late, but a search that began late is."""
    if about != "missing" and GOES_ON.search(statement.text):
        return False
    return statement.of_event and not ONLY_A_DATE.match(statement.text) and not HOURS_OF_OFFICE.search(statement.text)


def _moments(text: str, now: datetime, day: date | None) -> tuple[list[Moment], date | None]:
    """Each time in a statement, and the day that an hour in the next one would belong to."""
    found: list[Moment] = [Moment(match.group(), _ago(match, now)) for match in AGO.finditer(text)]
    found += [Moment(match.group(), now) for match in JUST_NOW.finditer(text)]
    words = _words(text)
    last: re.Match[str] | None = None  # a date that no hour has followed yet
    for _, is_hour, match in words:
        if not is_hour:
            if last is not None and day is not None:
                found.append(Moment(last.group(), _end_of(day, now)))
            day, last = dated(match, now) or day, match
            continue
        hour = of_day(match, day, now)
        if hour is not None:
            near = last is not None and match.start() - last.end() <= NEAR
            word = text[last.start() : match.end()] if near and last is not None else match.group()
            found.append(Moment(word, hour))
            last = None
    if last is not None and day is not None:
        found.append(Moment(last.group(), _end_of(day, now)))
    return found, day


def _words(text: str) -> list[tuple[int, bool, re.Match[str]]]:
    """Dates and hours in their order; 「今朝8時」 is the hour alone."""
    hours = list(HOUR.finditer(text))
    found = [(match.start(), False, match) for match in DATE.finditer(text)]
    for match, after in zip_longest(hours, hours[1:]):
        vague = match["part"] or match["only"]
        if not (vague and after is not None and after.start() - match.end() <= NEAR and not after["part"]):
            found.append((match.start(), True, match))
    return sorted(found, key=lambda word: word[:2])


def _end_of(day: date, now: datetime) -> datetime:
    """The end of the day; of today, the moment of the mail."""
    end = datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) + timedelta(days=1)
    return min(end, now) if day == now.date() else end


def _ago(match: re.Match[str], now: datetime) -> datetime:
    count, unit, english, english_unit = match.groups()
    number = int(count) if count else (1 if english.lower().startswith("a") else int(english))
    match unit or english_unit.lower():
        case "分" | "minute":
            return now - timedelta(minutes=number)
        case "時間" | "hour":
            return now - timedelta(hours=number)
        case _:
            return _end_of((now - timedelta(days=number)).date(), now)
