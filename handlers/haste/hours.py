"""The hours that an alert can name, and the latest moment of a day that each can mean (5.10)."""

import re
from datetime import date, datetime, time, timedelta

KANJI = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"〇": 0}
# A part of the day, and the hour by which it is over.
PARTS = {
    "未明": 5, "明け方": 7, "早朝": 8, "朝方": 10, "今朝": 11, "けさ": 11, "明朝": 11, "朝": 11, "正午": 12, "昼前": 12,
    "昼過ぎ": 15, "昼すぎ": 15, "昼": 15, "夕方": 19, "夕刻": 19, "今夕": 19, "昨夕": 19, "深夜": 24, "夜": 24,
    "noon": 12, "midday": 12, "morning": 12, "afternoon": 18, "evening": 22, "midnight": 24, "night": 24,
}  # fmt: skip
_PARTS = "|".join(sorted(PARTS, key=len, reverse=True))
_HALF = r"(?:(?P<half>半)|(?P<minute>\d{1,2})分?)?"
_MERIDIEM = r"(?P<meridiem>午前|午後|朝|夕方|夜|昼|深夜|未明|早朝)? ?(?:の|、)?"
HOUR = re.compile(
    rf"{_MERIDIEM}(?P<hour>\d{{1,2}}|[一二三四五六七八九十]{{1,3}}|正)時(?!間|期|点|差|代|限|季|に(?:は|よ)){_HALF}"
    r"|(?P<before>午前|午後)? ?(?<![\d:-])(?P<clock>\d{1,2}):(?P<past>\d{2})(?![\d:]) ?(?P<ampm>[ap]\.?m\b\.?)?"
    r"|(?<![\d:.-])(?P<twelve>\d{1,2}) ?(?P<mark>[ap])\.?m\b\.?"
    rf"|(?P<part>(?<!毎)(?:{_PARTS}))(?!間|道|食|市|会|礼|休み|練|顔|刊|勤)"
    r"|(?P<only>午前|午後)",
    re.IGNORECASE,
)
SLACK = timedelta(minutes=10)  # a clock may be ahead, and 「15時ごろ」 is rounded


def of_day(match: re.Match[str], day: date | None, now: datetime) -> datetime | None:
    """The latest moment that the words can mean on `day`, or on the last day on which they were past."""
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    if "part" in parts:
        return _at(day or now.date(), PARTS[parts["part"].lower()], 0, now, may_be_now=True)
    if "only" in parts:
        return _at(day or now.date(), 12 if parts["only"] == "午前" else 24, 0, now, may_be_now=True)
    hour, minute = _clock(parts)
    if hour is None or hour > 29 or minute > 59:
        return None
    choices = [hour] if _is_certain(parts, hour) else [hour, hour + 12]
    if day is not None:
        found = [_at(day, each, minute, now) for each in choices]
        past = [each for each in found if each <= now]
        return max(past) if past else min(found)
    days = (now.date(), now.date() - timedelta(days=1))
    past = [at for each in choices for on in days if (at := _at(on, each, minute, now)) <= now]
    return max(past, default=None)


def _clock(parts: dict[str, str]) -> tuple[int | None, int]:
    if "clock" in parts:
        hour, minute = int(parts["clock"]), int(parts["past"])
        return _afternoon(hour, parts.get("ampm") or parts.get("before", "")), minute
    if "twelve" in parts:
        return _afternoon(int(parts["twelve"]), parts["mark"]), 0
    word = parts["hour"]
    hour = 12 if word == "正" else int(word) if word.isdecimal() else _kanji(word)
    minute = 30 if "half" in parts else int(parts.get("minute", 0))
    return _afternoon(hour, parts.get("meridiem", "")), minute


def _afternoon(hour: int, mark: str) -> int:
    late = mark[:1].lower() == "p" or mark in ("午後", "夕方", "夜", "昼")
    if late and hour < 12 and not (mark == "昼" and hour > 6):
        return hour + 12
    return 0 if mark[:1].lower() == "a" and hour == 12 else hour


def _kanji(word: str) -> int:
    tens, ten, ones = word.rpartition("十")
    return (KANJI.get(tens, 1) if ten else 0) * 10 + KANJI.get(ones, 0)


def _is_certain(parts: dict[str, str], hour: int) -> bool:
    """Whether the half of the day is known: 「3時」 alone is both."""
    marked = parts.keys() & {"meridiem", "before", "ampm", "mark"}
    return bool(marked) or hour > 12 or hour == 0 or parts.get("clock", "").startswith("0")


def _at(day: date, hour: int, minute: int, now: datetime, *, may_be_now: bool = False) -> datetime:
    moment = datetime.combine(day, time(0), now.tzinfo) + timedelta(hours=hour, minutes=minute)
    near = now < moment <= now + SLACK or (may_be_now and moment > now and day == now.date())
    return now if near else moment
