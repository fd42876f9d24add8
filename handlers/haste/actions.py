"""5.10  Whether an alert tells guardians what to do. A greeting that ends in 「お願いします」 asks for nothing."""

import re
from collections.abc import Sequence

from handlers.haste.events import ARRANGED, Matter
from handlers.haste.statements import Statement

ASKED = re.compile(
    r"ください|下さい|くださ[るい]よう|お願い|願います|ましょう|いただき(?:たい|ますよう)|いただくよう"
    r"|するよう(?:に|お)|ないように|よう(?:に)?して"
    r"|ないこと|ことが大切|べきです|厳守|禁止|の徹底|ないで(?!した)|近づかない|近寄らない|(?:わせ|騒が|触ら|さわら"
    r"|見せ|与え|行か|乗ら|ついていか|かけ|立ち入ら|教え|刺激し|外出し|出|開け|応じ)ない(?:[、。!]|$)"
    r"|情報[はを][^。]{0,40}(?:まで|へ)|控えて|避けて"
    r"|(?:注意|警戒|用心)(?:を!?|!|。|$|願|が必要)|気をつけて|気を付けて|たら、?.{0,16}(?:110|警察|学校|交番|通報"
    r"|連絡)"
    r"|(?:対策|ポイント|心得|約束|合言葉|対処|注意事項|注意点|防犯)[】\]:〕>].{2}"
    r"|110番(?!通報?(?:し|さ|が|あ|を受|に))|\b(?:please|do not|don't|avoid|keep|stay|call|watch|be careful"
    r"|take care|report (?:it|any|to)"
    r"|contact|lock|pick up|beware|must|should|make sure|never|walk in)\b",
    re.IGNORECASE,
)
# A measure that asks something of a family without saying 「ください」.
FOR_FAMILIES = re.compile(
    r"(?:集団|一斉|早期|緊急|保護者同伴の?|教員引率の?)(?:登校|下校|登下校)|引き渡し|引渡し|お?迎え|送迎|休校|休園"
    r"|自宅(?:待機|学習)|下校(?:時刻|時間)"
)
DONE = re.compile(r"ました[。! ]*\Z|ています[。! ]*\Z|\b(?:was|were)\b")
POLITE = re.compile(
    r"(?:ご|御)(?:了承|承知|承知おき|安心|心配|理解(?:と|、|・|及び|および)?(?:ご|御)?協力|理解|容赦"
    r"|海容)(?:の?ほど)?[をは]?(?:、|よろしく|宜しく|賜り)*"
    r"(?:ください|下さい|お願い|くださいますよう|いただきますよう|のほど)"
    r"|please be (?:informed|advised|aware) that|thank you[^.!]*|for your (?:understanding|cooperation)",
    re.IGNORECASE,
)
GREETING = re.compile(r"(?:よろしく|宜しく)(?:、)?お願い")
REQUEST = re.compile(
    r"見守|注意|戸締|施錠|送迎|迎え|連絡|指導|声[かを]け|協力|確認|対応|外出|登校|下校|情報|警戒|避難|準備|待機|持"
    r"|通報|提供|話し合|伝え|徹底"
)


def given(said: Sequence[Statement], about: Matter) -> bool:
    """Whether a family learns what to do; where all is over, or something merely takes place, there need be nothing."""
    if about in ("ended", "notice"):
        return True
    if about == "weather" and any(ARRANGED.search(each.text) for each in said):
        return True
    return any(_asks(each.text) for each in said[1:])


def _asks(text: str) -> bool:
    if FOR_FAMILIES.search(text) and not DONE.search(text):
        return True
    rest = POLITE.sub("", text)
    if GREETING.search(rest) and not REQUEST.search(rest):
        rest = GREETING.sub("", rest)
    return ASKED.search(rest) is not None
