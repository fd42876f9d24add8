"""What an alert is about, as far as checks for haste need it (5.10): a closure has no place, a happy end no task."""

import re
from collections.abc import Sequence
from typing import Literal

from handlers.haste.statements import HAPPENED, MEASURE, Statement

Matter = Literal["incident", "threat", "missing", "weather", "notice", "ended"]

INCIDENT = re.compile(
    r"(?:男|女)性?[がにはも](?!子)"
    r"|不審|怪しい|あやしい|変な人|変質者|見知らぬ|知らない(?:男|女|人)|声[をか]?(?:かけ|掛け)|つきまと|付きまと"
    r"|後をつけ|痴漢|盗撮|撮影|露出|下半身|わいせつ|触ら|腕を|刃物|包丁|ナイフ|凶器"
    r"|暴行|殴|切りつけ|強盗|空き巣|侵入|盗難|窃盗|ひったくり|詐欺|連れ去|逃走|逃げ|クマ|熊|イノシシ|猪|サル|猿"
    r"|シカ|鹿|野犬|ヘビ|蛇|マムシ|タヌキ|キツネ|カラス|投げつけ|叫|暴れ|うろつ|座り込|荒らし|狙い|銃|当て逃げ|異臭"
    r"|ぼや|ボヤ"
    r"|ハチ|蜂|動物|足跡|事故|ひき逃げ|衝突|接触|追突|はねられ|火災|火事|爆発|ガス漏れ|漏水|断線|陥没|倒木|崩れ"
    r"|落下|発砲"
    r"|\b(?:suspicious|stranger|bears?|boars?|monkeys?|accident|knife|exposed|followed|stalk\w*|assault\w*|robbery"
    r"|burglar\w*"
    r"|hit-and-run|hit by|collision|collided|fire|attack\w*|grope\w*|a man|a woman)\b",
    re.IGNORECASE,
)
THREAT = re.compile(r"爆破|予告|脅迫|危害を加え|殺害|\b(?:threat\w*|bomb\w*)\b", re.IGNORECASE)
MISSING = re.compile(
    r"行方|迷子|帰宅して(?:い|お)|帰って(?:い|お|き)|戻って(?:い|お)|尋ね人|はいかい|徘徊|\bmissing\b", re.IGNORECASE
)
WEATHER = re.compile(
    r"警報|注意報|台風|大雨|豪雨|大雪|積雪|暴風|強風|地震|津波|雷|土砂|洪水|浸水|冠水|氾濫|竜巻|熱中症|猛暑|停電|断水"
    r"|\b(?:typhoon|warning|earthquake|tsunami|flood\w*|heavy (?:rain|snow)|thunder\w*|storm|heat ?stroke)\b",
    re.IGNORECASE,
)
ARRANGED = re.compile(
    r"休校|休園|休業|休館|閉鎖|延期|中止|短縮|繰り上げ|時差|登校(?!中|途中)|下校(?!中|途中)|引き渡し|引渡し|お迎え"
    r"|待機|開催|実施|再開"
    r"|運休|通行止め"
    r"|給食|変更|始業|訓練|教室|講習|講演|行事|授業|参観|提出|募集|配布|集金|回線|書類|名簿|個人情報|ネット|SNS"
    r"|故障|不具合|遅れて|見合わせ|欠航|\b(?:closed|cancell?ed|postponed|dismiss\w*|suspended|delayed|open(?:s"
    r"|ed)?)\b",
    re.IGNORECASE,
)
REASON = re.compile(r"ため|により|に伴い|伴う|受けて|受け、|ことから")
REHEARSED = re.compile(r"訓練|教室|講習|講演|影響(?:で|によ|のた)|\b(?:drill|lesson)\b", re.IGNORECASE)
PLURAL = re.compile(r"(?<!通報が)相次い|多発|続いて(?:い|お)|続発|増え|増加|頻発|多くな|\bincreas\w+|\bmany\b")
SHOULD_IT = re.compile(r"(?:とき|時|際|場合)(?:は|に|、|など)|たら|\b(?:if|when|whenever)\b", re.IGNORECASE)
HOUR = re.compile(r"\d[時:]|\d ?[ap]\.?m|ごろ|頃|ころ|午前|午後")
ENDED = re.compile(
    r"解決|無事(?:に|で|が)?、?(?:発見|保護|見つか|帰宅|確認|戻)|無事です|身柄[をは]?確保|確保(?:され|しま)"
    r"|逮捕(?:され|しま|しました|いたし)"
    r"|捕獲(?:され|しま)|駆除(?:され|しま)|(?:警報|注意報|休校|制限|規制|通行止め|警戒)[はがを]?(?:すべて"
    r"|全て)?解除|安全が?を?確認"
    r"|異常(?:は|が)?(?:あり|認められ|見つかり|なし)|鎮火|捜索[はをが](?:終|打ち切)|(?:自宅|学校|家)に戻りました"
    r"|帰宅を確認|復旧(?:し|いた)|再開(?:し|いた)"
    r"|\b(?:found safe|safe and|has been (?:found|caught|arrested|captured|lifted|resolved)|was (?:caught|arrested"
    r"|captured|lifted)"
    r"|resolved|all clear|(?:returned|home|back) safely)\b",
    re.IGNORECASE,
)
FOUND = re.compile(
    r"発見(?:され|しま|いた)|見つかりました|保護(?:され|しま|いた)|帰宅しました|\bfound\b", re.IGNORECASE
)
UNSETTLED = re.compile(
    r"(?:逮捕|確保|捕獲|解決|駆除|発見|保護|解除)(?:には|は)?(?:されて|に至って|して|できて)(?:は|お"
    r"|い)*(?:り)?ま?せ?(?:ん|ない)"
    r"|見つかって(?:い|お)|\bnot (?:yet )?(?:been )?\w+"
)
GENERAL = re.compile(
    r"休み|休業|年末|年始|連休|日頃|日ごろ|最近|昨今|毎日|期間|週間|月間|運動(?!場|会)|キャンペーン|シーズン|時期"
    r"|季節|日没"
    r"|\b(?:holidays?|vacation|season|recently|these days|every day)\b",
    re.IGNORECASE,
)


def matter(said: Sequence[Statement]) -> Matter:
    """The kind of alert; where it tells both of an event and of a measure, the event counts."""
    whole = " ".join(statement.text for statement in said)
    if _ended(whole):
        return "ended"
    if THREAT.search(whole):
        return "threat"
    if MISSING.search(whole):
        return "missing"
    if any(_is_report(statement) for statement in said[1:]) or (said and _is_headline(said)):
        return "incident"
    if WEATHER.search(whole):
        return "weather"
    return "notice" if _is_notice(said, whole) else "incident"


def _is_notice(said: Sequence[Statement], whole: str) -> bool:
    """Whether the alert arranges something, or advises at any time of the year, or tells of nothing that happened."""
    if any(pattern.search(whole) for pattern in (ARRANGED, GENERAL, PLURAL)):
        return True
    return not any(HAPPENED.search(each.text) and not SHOULD_IT.search(each.text) for each in said[1:])


def arranges(said: Sequence[Statement]) -> bool:
    """Whether the alert tells of something arranged: a closure, a changed hour, an event."""
    return any(ARRANGED.search(statement.text) for statement in said)


def _ended(whole: str) -> bool:
    settled = UNSETTLED.sub("", whole)
    found = MISSING.search(settled) is not None and FOUND.search(settled) is not None
    return ENDED.search(settled) is not None or found


def _is_report(statement: Statement) -> bool:
    """A statement that something happened: not advice, not a trend, and not the reason of a measure."""
    text = statement.text
    if not INCIDENT.search(text) or not statement.of_event or REHEARSED.search(text):
        return False
    if HOUR.search(text):
        return True
    if MEASURE.search(text) and SHOULD_IT.search(text):
        return False
    if GENERAL.search(text) or PLURAL.search(text):
        return False
    return not (REASON.search(text) and ARRANGED.search(text))


def _is_headline(said: Sequence[Statement]) -> bool:
    """A subject that names an incident above a text that arranges nothing and advises nobody in general."""
    text = " ".join(statement.text for statement in said)
    if not INCIDENT.search(said[0].text) or REHEARSED.search(text):
        return False
    return not any(pattern.search(text) for pattern in (ARRANGED, WEATHER, GENERAL, PLURAL))
