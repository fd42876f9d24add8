"""5.10  Whether an alert says where something happened. A closure has no place of its own, an incident has.

The school whose pupil it was, the way that somebody fled and the police station that is to be called are no places.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from handlers.districts import words_of
from handlers.haste.events import Matter
from handlers.haste.statements import Statement
from handlers.town import Town

NAMED = r"[一-龥々〆ヶァ-ヴーぁ-んA-Za-z0-9○◯〇]"
KANJI = r"[一-龥々ヶァ-ヴー○◯〇]"
# What is a place wherever it stands.
PLACE = re.compile(
    r"丁目|番地|\d番\d+号|地内|校区|学区|地区|交差点|三叉路|丁字路|十字路|交番前|駅(?:前|構内|ホーム|東口|西口|南口"
    r"|北口|改札|周辺|付近)"
    r"|神社|寺院|団地|マンション|アパート|住宅(?:街|地)|スーパー|コンビニ|ショッピング|モール|ドラッグストア"
    r"|ホームセンター|書店|商店|飲食店"
    r"|病院|医院|図書館|図書室|体育館|公民館|児童館|児童センター|学童|集会所|グラウンド|グランド|運動場|広場|駐車場"
    r"|駐輪場|バス停|停留所"
    r"|踏切|国道|県道|府道|市道|町道|村道|道の駅|高速道路|インターチェンジ|トンネル|歩道橋|地下道|陸橋|横断歩道"
    r"|校門|正門|裏門|東門|西門|南門|北門"
    r"|校庭|園庭|校舎|校内|園内|敷地|昇降口|プール|河川敷|堤防|土手|海岸|海水浴場|漁港|遊歩道|農道|林道|登山口"
    r"|キャンプ場|ゴルフ場|竹やぶ|竹林"
    r"|雑木林|山林|畑|田んぼ|水田|果樹園|墓地|霊園|ため池|用水路|水路|ダム|工場|銀行|郵便局|市役所前|消防署前"
    r"|商店街|電車内|バス車内|エレベーター"
    rf"|公園|{NAMED}駅|{NAMED}店|{KANJI}(?:川|山|橋|池|峠|寺|坂|港|浜|沼|通り|通|街道|線|号線|台|谷|林|森|館|園|城"
    rf"|塚|ヶ丘|が丘|丘)(?![々一-龥])"
    rf"|{NAMED}(?:町|村|郡)(?!内会?|民|立|長|議|役場|教|会)|大字|字{KANJI}"
    rf"|{NAMED}[市区](?!内|民|立|長|議|役|教|分|別|域|間){KANJI}{{1,8}}(?=[のでに、。付]|$)"
    rf"|(?:小|中|高|高校|学校|幼稚園|保育園|保育所|こども園|学園|大学|局|署|所|館|店|駅|宅地)(?:の)?(?:付近|周辺"
    rf"|近く|近辺|そば|脇|横|前|裏|隣|東側|西側|南側|北側)"
    rf"|{KANJI}(?:小学校|中学校|高校|高等学校|幼稚園|保育園|こども園|学園)(?=で|に(?:おい|侵|電|届|爆|不審|男|刃)"
    rf"|へ侵)"
    rf"|{KANJI}(?:沿い|寄り|入口|入り口|出口|方面の)"
)
LABELLED = re.compile(
    r"(?:場所|現場|住所|どこ|ところ|地点|所在地|発生地|目撃地)(?:\(.{0,10}\))? ?(?:[::]|】|\]|は)? ?(?!不明|未詳"
    r"|調査)[^\s:】\]]{2,}"
)
ENGLISH = re.compile(
    r"\b(?:at|near|in|around|on|by|behind|outside|from|along|front of|between|inside) (?:the |a )?"
    r"(?!January|February|March|April|May|June|July|August|September|October|November|December|\w+day\b|\d|Please"
    r"|Japan|English)"
    r"(?:[A-Z][\w'-]+|(?:\w+ ){0,2}(?:station|park|river|bridge|shop|store|crossing|gate|car park|parking lot"
    r"|hospital|library|shrine|temple|playground)\b)"
    r"|\b(?:at|near) (?:No\. ?)?\d{1,4}(?:-\d{1,4}){0,2},? [A-Z]\w+"
)
AWAY = re.compile(r" ?(?:の)?(?:方[へにの面向角]|方面|方向|へ向|に向|へ逃|に逃|へ走|へ立ち|に立ち|へ去|まで)")
PEOPLE_OF = re.compile(
    r"の?(?:児童|生徒|園児|幼児|学生|保護者|職員|教職員|先生|教員|校長|教頭|住民|皆様|皆さん|小学|中学|高校|男子"
    r"|女子|男児|女児|\d ?年|です|より|から|[でに]は)"
)
SCHOOLS = (
    "小学",
    "中学",
    "高校",
    "高等",
    "幼稚",
    "保育",
    "こども",
    "学園",
    "警察",
    "交番",
    "消防",
    "学校",
    "小",
    "中",
    "高",
)
NOWHERE = re.compile(r"(?:自宅|現場|この|その|同所|同地|近所|ご自宅|学校)(?:の)?(?:付近|周辺|近く|近辺)")
AT_LARGE = re.compile(
    rf"{KANJI}?[市町村区県](?:内|全域|全体|立|役所|庁)?|学校|小中学|公共施設|\b(?:school|city hall|town)s?\b",
    re.IGNORECASE,
)


def given(said: Sequence[Statement], about: Matter, town: Town) -> bool:
    """Whether the alert says where: an incident in a statement about it; a threat may be about a whole town."""
    if about in ("ended", "weather", "notice"):
        return True
    telling = [NOWHERE.sub("", each.text) for each in said if each.of_event]
    if about in ("threat", "missing") and any(AT_LARGE.search(text) for text in telling):
        return True
    words = tuple(_district_words(town))
    return any(_names_a_place(text, words) for text in telling)


def _names_a_place(text: str, district_words: Sequence[str]) -> bool:
    if LABELLED.search(text) or ENGLISH.search(text):
        return True
    if any(not _leads_away(text, match.end()) for match in PLACE.finditer(text)):
        return True
    return any(_stands_for_itself(text, word) for word in district_words)


def _leads_away(text: str, end: int) -> bool:
    return AWAY.match(text, end) is not None or PEOPLE_OF.match(text, end) is not None


def _stands_for_itself(text: str, word: str) -> bool:
    """The district as a place, not in the name of its school or of its police."""
    position = text.find(word)
    while position >= 0:
        end = position + len(word)
        if not text.startswith(SCHOOLS, end) and not _leads_away(text, end):
            return True
        position = text.find(word, end)
    return False


def _district_words(town: Town) -> Iterator[str]:
    for district in town.districts:
        for word in words_of(district):
            if len(word) > 1 and not word.isascii():
                yield unicodedata.normalize("NFKC", word)
