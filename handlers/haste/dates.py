"""The days that an alert can name, and which day each means on the day of the mail (5.10)."""

import re
from datetime import date, datetime, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = "月火水木金土日"
ENGLISH_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
RELATIVE = {  # days from today; None is the day that was named before
    "本日": 0, "今日": 0, "きょう": 0, "今朝": 0, "けさ": 0, "今夕": 0, "今夜": 0, "今晩": 0, "同日": None,
    "昨日": -1, "きのう": -1, "昨夜": -1, "昨晩": -1, "昨夕": -1, "前日": -1, "ゆうべ": -1,
    "一昨日": -2, "おととい": -2, "一昨夜": -2, "先日": -3, "先週": -3, "先月": -3,
    "明日": 1, "あした": 1, "明朝": 1, "明晩": 1, "あす": 1, "明後日": 2, "あさって": 2,
    "today": 0, "this morning": 0, "this afternoon": 0, "this evening": 0, "tonight": 0, "yesterday": -1,
    "last night": -1, "the day before yesterday": -2, "tomorrow": 1, "last week": -3, "the other day": -3,
}  # fmt: skip
_RELATIVE = "|".join(sorted(RELATIVE, key=len, reverse=True))
DATE = re.compile(
    r"(?:(?P<era>令和|平成|R)? ?(?P<year>\d{1,4}|元)(?:年|[/.-]) ?)?(?P<month>\d{1,2})(?:月 ?"
    r"|[/.](?=\d))(?P<day>\d{1,2})(?:日|(?![\d:/.-]))(?!間)"
    r"|(?P<isoyear>\d{4})-(?P<isomonth>\d{2})-(?P<isoday>\d{2})(?!\d)"
    r"|(?<![\d年月])(?P<only>\d{1,2})日(?!間|前|目|以内|分|ほど|程|ごと|も|連続|おき)"
    rf"|(?P<relative>{_RELATIVE})(?!まで|以降|は(?:集団|一斉|自宅|臨時))"
    r"|(?<!毎週)(?<!来週)(?<!次の)(?<!毎)(?P<weekday>[月火水木金土日])曜日?"
    rf"|\b(?P<emonth>{_MONTH})\.? (?P<eday>\d{{1,2}})(?:st|nd|rd|th)?\b"
    rf"|\b(?P<fday>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<fmonth>{_MONTH})\b"
    r"|(?<!next )(?<!every )\b(?P<eweekday>mon|tues?|wednes|thurs?|fri|satur|sun)day\b",
    re.IGNORECASE,
)


def dated(match: re.Match[str], now: datetime) -> date | None:
    """The day that the words mean; None where there is no such day, or it is the one named before."""
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    today = now.date()
    try:
        if "relative" in parts:
            days = RELATIVE[parts["relative"].lower()]
            return None if days is None else today + timedelta(days=days)
        if "weekday" in parts:
            return _weekday(WEEKDAYS.index(parts["weekday"]), today)
        if "eweekday" in parts:
            return _weekday(ENGLISH_WEEKDAYS.index(parts["eweekday"][:3].lower()), today)
        if "isoyear" in parts:
            return date(int(parts["isoyear"]), int(parts["isomonth"]), int(parts["isoday"]))
        if "only" in parts:
            return _day_of_month(int(parts["only"]), today)
        return _of_parts(parts, today)
    except ValueError:
        return None


def _of_parts(parts: dict[str, str], today: date) -> date | None:
    if named := parts.get("emonth") or parts.get("fmonth"):
        month, day = MONTHS.index(named[:3].lower()) + 1, int(parts.get("eday") or parts["fday"])
        return _nearest(month, day, today)
    month, day = int(parts["month"]), int(parts["day"])
    if "year" not in parts:
        return _nearest(month, day, today)
    year = 1 if parts["year"] == "元" else int(parts["year"])
    if year < 100:  # an era's, or the last two digits
        year += {"平成": 1988, "令和": 2018, "r": 2018}.get(parts.get("era", "").lower(), 2000)
    return date(year, month, day)


def _nearest(month: int, day: int, today: date) -> date:
    """The year is not written: the one that is nearest to today."""
    found = [date(year, month, day) for year in (today.year - 1, today.year, today.year + 1) if day < 29 or month != 2]
    return min(found or [date(today.year, month, day)], key=lambda each: abs(each - today))


def _weekday(number: int, today: date) -> date:
    """The last day of that name, today included."""
    return today - timedelta(days=(today.weekday() - number) % 7)


def _day_of_month(day: int, today: date) -> date:
    """The nearest day of that number."""
    first = today.replace(day=1)
    before = first - timedelta(days=1)
    after = (first + timedelta(days=31)).replace(day=1)
    found = [month.replace(day=day) for month in (before, first, after) if _has(month, day)]
    return min(found, key=lambda each: abs(each - today))


def _has(month: date, day: int) -> bool:
    try:
        month.replace(day=day)
    except ValueError:
        return False
    return True
