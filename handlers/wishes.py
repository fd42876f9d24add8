"""Short answers that mean the same wherever they are written: leave, cancel (protocol 1, 4.2)."""

import re
from enum import Enum

from handlers.folding import fold
from handlers.mail import InboundMail

LEAVE = frozenset(map(fold, ("退会", "解除", "配信停止", "unsubscribe", "stop")))
CANCEL = frozenset(map(fold, ("取消", "取り消し", "取消し", "取り消", "キャンセル", "cancel")))
RELEASE = frozenset(map(fold, ("配信", "はい", "release", "yes")))
COURTESY = frozenset(map(fold, ("", "よろしく", "宜しく", "お疲れ様です", "おつかれさまです", "please")))
# 5.7  Whoever writes one of these may want an alert stopped, and must not wait in silence.
ALARM = tuple(map(fold, ("取消", "取り消", "キャンセル", "中止", "停止", "止め", "ストップ", "間違", "cancel", "stop")))
BETWEEN_WORDS = re.compile(r"[\s、。,.!！]+")
LONGEST_WISH = 60  # characters; with its prefixes and its politeness
PREFIX = re.compile(r"\A(?:(?:re(?:\[\d+\])?|fwd?|転送|返信)\s*[:：]\s*)+")
ENDING = re.compile(
    r"(?:[をで]?(?:します|希望(?:します)?|願います|お願い(?:します|いたします|致します)|して(?:ください|下さい)))?"
    r"[\s。.!]*\Z"
)


def wants_to_leave(mail: InboundMail) -> bool:
    """4.2  The subject or the own text is nothing but a word of leaving."""
    return says(mail.subject, LEAVE) or says(mail.text, LEAVE)


def wants_to_cancel(mail: InboundMail) -> bool:
    return says(mail.text, CANCEL)


def says(text: str, words: frozenset[str]) -> bool:
    if len(text) > LONGEST_WISH:
        return False
    return ENDING.sub("", PREFIX.sub("", fold(text)), count=1) in words


class Answer(Enum):
    """5.5  What an answer to a preview or a receipt says."""

    YES = "release"
    NO = "cancel"


def answer(text: str) -> Answer | None:
    """The one thing that the whole text says, courtesies apart; None where it says anything else."""
    if len(text) > LONGEST_WISH:
        return None
    said = {ENDING.sub("", part, count=1) for part in BETWEEN_WORDS.split(fold(text))} - COURTESY
    if said and said <= RELEASE:
        return Answer.YES
    return Answer.NO if said and said <= CANCEL else None


def sounds_like_stop(text: str) -> bool:
    """Whether it may be meant as 取消, though it says more than that."""
    return any(word in fold(text) for word in ALARM)
