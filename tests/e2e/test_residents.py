"""Residents at their own mail programs: what they write, and whether the letters that come are of use to them.

Every letter is read as its reader would: its language, its length, no link, nothing of the sender's own words, one next
step (protocol 2.4, 3, 4, 6).
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import pytest

from tests.e2e.conftest import Start, starter
from tests.e2e.shapes import HANDY, PROGRAMS, Draft, Program
from tests.e2e.town import DOMAIN, Arrived, Gateway, alert

ACCEPTED = (250, "2.0.0 accepted")
MOST_LINES = 25
TOKEN = "[a-z2-7]{26}"
LIST = "1. 浜手\n2. 山手\n3. 中島\n4. 駅前\n"
BEGINS = {"ja": "【みなと市教育委員会】", "en": "[みなと市教育委員会] "}
STEP = {"ja": "【次にすること】", "en": "NEXT STEP"}
FIELDS = {"ja": "地区：浜手、駅前\n同意：はい\n", "en": "District: hama, eki\nConsent: yes\n"}
PLAIN = PROGRAMS["mutt"]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ExitStack() as stack:
        yield starter(stack, tmp_path_factory.mktemp("residents"))()


@dataclass
class Resident:
    """Somebody with a mail program, and the letters that they have read."""

    gateway: Gateway
    program: Program
    language: str = "ja"
    wire: str = ""  # the address as it is written on the wire, where that differs
    address: str = field(default_factory=lambda: f"r{next(_numbers)}@family.test")
    read: int = 0

    def writes(self, local: str, text: str = "", subject: str = "") -> "Arrived":
        """Sends it, and gets one letter."""
        return self._sends(Draft(author=self.address, to=f"{local}@{DOMAIN}", text=text, subject=subject))

    def answers(self, letter: Arrived, text: str = "", *, subject: str = "", below: bool = False) -> "Arrived":
        return self._sends(
            Draft(author=self.address, to=reply_to(letter), text=text, subject=subject, answers=letter, below=below)
        )

    def _sends(self, draft: Draft) -> Arrived:
        assert self.gateway.send(self.program.mail(draft), draft.to, self.address) == ACCEPTED, self.program
        self.read += 1
        letter = self.gateway.await_mail(self.wire or self.address, self.read)[self.read - 1]
        assert str(letter.mail["To"]) == self.address
        check(letter, draft, self.language)
        return letter


def reply_to(letter: Arrived) -> str:
    """Where a mail program's answer goes."""
    return str(letter.mail["Reply-To"] or letter.mail["From"]).rpartition("<")[2].rstrip(">")


def check(letter: Arrived, draft: Draft, language: str) -> None:
    """What holds for every letter (6)."""
    assert letter.subject.startswith(BEGINS[language]), letter.subject
    assert letter.mail["Auto-Submitted"] == "auto-replied"
    assert letter.mail["In-Reply-To"] == draft.message_id
    assert re.fullmatch(rf"bounce\+[a-z2-7]{{30,}}@{DOMAIN}", letter.sender)
    assert re.fullmatch(rf"(?:help|subscribe|unsubscribe|change|(?:confirm|form)\+{TOKEN})@{DOMAIN}", reply_to(letter))
    assert str(letter.mail["From"]) == f"みなと市教育委員会 <{reply_to(letter)}>"
    assert len(re.split("――|----", letter.text)[0].splitlines()) <= MOST_LINES, letter.text  # terms and steps apart
    assert letter.text.count(STEP[language]) <= 1
    assert not re.search(r"https?:|www\.", letter.text)
    assert HANDY not in letter.text + letter.subject
    assert letter.mail.get_content_type() == "text/plain"


@pytest.fixture(params=PROGRAMS)
def resident(town: Gateway, request: pytest.FixtureRequest) -> Resident:
    return at(town, request.param)


@pytest.fixture(params=[name for name, program in PROGRAMS.items() if program.marks])
def marking(town: Gateway, request: pytest.FixtureRequest) -> Resident:
    """Whose program tells where a quotation ends."""
    return at(town, request.param)


def at(town: Gateway, name: str) -> Resident:
    language = "en" if "English" in name else "ja"
    person = Resident(town, PROGRAMS[name], language)
    if name == "docomo":  # an old address, as no standard allows it
        person.address = f"a..{next(_numbers)}.@docomo.ne.jp"
        person.wire = '"{}"@{}'.format(*person.address.split("@"))
    return person


# --- every program ------------------------------------------------------------------------------


def test_fields_and_then_any_answer_register(resident: Resident) -> None:
    letter = resident.writes("subscribe", FIELDS[resident.language])
    assert STEP[resident.language] in letter.text
    assert "浜手、駅前\n" in letter.text
    receipt = resident.answers(letter)
    assert "confirm+" not in reply_to(receipt)
    assert "浜手、駅前\n" in receipt.text


def test_numbers_above_a_quoted_form_are_the_only_ones_that_count(resident: Resident) -> None:
    form = resident.writes("subscribe", subject="Registration" if resident.language == "en" else "")
    assert LIST in form.text
    assert "浜手、中島\n" in districts(resident.answers(form, "1、3"))


def test_names_below_a_quoted_form_are_the_only_ones_that_count(marking: Resident) -> None:
    form = marking.writes("subscribe", subject="Registration" if marking.language == "en" else "")
    assert "山手、中島\n" in districts(marking.answers(form, "yama, shima", below=True))


def test_a_word_of_leaving_in_an_answer_leaves(resident: Resident) -> None:
    word = "unsubscribe" if resident.language == "en" else "退会します。"
    form = resident.writes("subscribe", subject="Registration" if resident.language == "en" else "")
    receipt = resident.answers(form, "all, please")
    asked = resident.answers(receipt, word)  # to help@, where nothing proves who writes
    assert STEP[resident.language] in asked.text
    goodbye = resident.answers(asked)
    assert "subscribe@" in goodbye.text
    assert STEP[resident.language] not in goodbye.text


def test_a_word_of_cancelling_in_an_answer_withdraws(resident: Resident) -> None:
    letter = resident.writes("subscribe", FIELDS[resident.language])
    withdrawn = resident.answers(letter, "Cancel" if resident.language == "en" else "取消")
    assert districts(withdrawn) == ""
    over = resident.answers(letter)
    assert districts(over) == ""
    assert f"subscribe@{DOMAIN}" in over.text


def districts(letter: Arrived) -> str:
    """The line that names the districts of a receipt."""
    return "".join(re.findall("^(?:地区：|Districts: ).*\n", letter.text, re.MULTILINE))


# --- what they write ----------------------------------------------------------------------------


@pytest.fixture
def person(town: Gateway) -> Resident:
    return Resident(town, PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "ありがとうございます。よろしくお願いします。",
        "🙏👍",
        "はい",
        "OK!",
        "登録します。富雄に住んでいます。取消はしません。",
        "駅前 太郎\n090-0000-0000",
        "　",
    ],
)
def test_3_2_any_answer_completes_what_the_letter_says_and_no_more(town: Gateway, text: str) -> None:
    person = Resident(town, PROGRAMS["Thunderbird"])
    letter = person.writes("subscribe", FIELDS["ja"])
    assert districts(person.answers(letter, text)) == "地区：浜手、駅前\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("１、３", "浜手、中島"),
        ("①③", "浜手、中島"),
        ("1 4", "浜手、駅前"),
        ("2.", "山手"),
        ("1. 浜手\n3. 中島", "浜手、中島"),
        ("ﾊﾏﾃ", "浜手"),
        ("はまて・えきまえ", "浜手、駅前"),
        ("ＨＡＭＡ", "浜手"),
        ("浜手地区と山の手をお願いします。", "浜手、山手"),
        ("全地区", "浜手、山手、中島、駅前"),
        ("中島小学校に通っています。電話は090-1234-5678です。", "中島"),
        ("髙橋です。㈱港の隣の浜手です。", "浜手"),
    ],
)
def test_3_3_an_answer_to_the_form_is_read_as_it_is_meant(person: Resident, text: str, named: str) -> None:
    form = person.writes("subscribe")
    assert districts(person.answers(form, text)) == f"地区：{named}\n"


@pytest.mark.parametrize("text", ["", "5", "1、9", "よろしくお願いします", "2番です", "090-1234-5678", "2026/11/23"])
def test_3_3_an_answer_that_names_nothing_gets_the_list_again_and_the_first_form_stays_good(
    person: Resident, text: str
) -> None:
    form = person.writes("subscribe")
    again = person.answers(form, text)
    assert LIST in again.text
    assert districts(person.answers(again, "4")) == "地区：駅前\n"


@pytest.mark.parametrize("subject", ["", "件名なし", "(no subject)", "無題", "空メール", "登録", "Re: ", "Fwd: ご案内"])
def test_3_3_an_empty_mail_gets_the_form_whatever_its_subject(town: Gateway, subject: str) -> None:
    person = Resident(town, PROGRAMS["au"])
    assert LIST in person.writes("subscribe", subject=subject).text


@pytest.mark.parametrize(
    ("local", "text", "named"),
    [
        ("subscribe", "ＤＩＳＴＲＩＣＴ：ｈａｍａ\nＣＯＮＳＥＮＴ：ｙｅｓ", "浜手"),
        ("subscribe", "・校区　：　はまて／やまて\n・同意　：　同意します。", "浜手、山手"),
        ("subscribe", "\n\n> 地区: 中島\n> 同意: はい", "中島"),
        ("subscribe", "学区: 浜手\n同意:承諾", "浜手"),
        ("subscribe", "配信地区：全域\n同意：はい", "浜手、山手、中島、駅前"),
        ("subscribe+eki", "同意：はい", "駅前"),
        ("Subscribe+EKI", "地区：浜手\n同意：はい\n\nよろしくお願いします。\n時刻：15時", "浜手、駅前"),
        ("subscribe", "同意：はい\n地区：駅前\n駅前の花屋です。", "駅前"),
    ],
)
def test_2_1_fields_are_read_in_every_width_and_order(person: Resident, local: str, text: str, named: str) -> None:
    letter = person.writes(local, text)
    assert districts(letter) == f"地区：{named}\n"
    assert districts(person.answers(letter)) == f"地区：{named}\n"


def test_2_1_headers_are_fields_and_beat_lines(town: Gateway) -> None:
    program = replace(PLAIN, headers={"X-District": "hama, eki", "x-consent": "Yes"})
    person = Resident(town, program)
    assert "浜手、駅前\n" in person.writes("subscribe", "地区：山手").text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("地区：浜手\n名前：花子\n同意：はい", "2行目"),
        ("地区：浜手\n地区：山手\n同意：はい", "「地区」が2回"),
        ("地区：浜手\n同意：たぶん", "「同意」"),
        ("地区：はまってて\n同意：はい", "　浜手"),
        ("地区：浜て\n同意：はい", "　浜手"),
        ("区分：台風\n同意：はい", "1行目"),
    ],
)
def test_2_3_a_mistake_does_nothing_and_the_letter_says_what_would_be_right(
    person: Resident, text: str, told: str
) -> None:
    letter = person.writes("subscribe", text)
    assert told in letter.text
    assert STEP["ja"] in letter.text
    assert "はまってて" not in letter.text
    assert "浜て" not in letter.text
    # Who answers the letter, as people do, is understood.
    assert districts(person.answers(letter, "地区：浜手\n同意：はい")) == "地区：浜手\n"


def test_6_the_form_of_a_large_city_keeps_within_its_lines(gateway: Start) -> None:
    """Even the last one of a day, which says so above it."""
    many = [{"code": f"d{number}", "name": f"第{number}地区"} for number in range(1, 47)]
    city = gateway(districts=many, staff=[])
    person = Resident(city, PLAIN)
    for _ in range(3):
        person.writes("help")
    form = person.writes("subscribe")
    assert "これが最後" in form.text
    assert "1. 第1地区" in form.text
    assert "地区：第1地区、第46地区\n" in person.answers(form, "46 1").text


def test_6_an_english_conversation_stays_english(town: Gateway) -> None:
    person = Resident(town, PROGRAMS["Gmail in English"], "en")
    assert "nearest" in person.writes("subscribe", "District: hamma\nConsent: yes", "Registration").text
    form = person.writes("subscribe", subject="Please register me")
    again = person.answers(form, "I live near the harbour.")
    receipt = person.answers(again, "all of them")
    assert "浜手、山手、中島、駅前\n" in receipt.text
    changing = person.writes("change", "District: -eki", "Change")
    assert "To remove: 駅前\n" in changing.text
    assert "Districts: 浜手、山手、中島\n" in person.answers(changing).text
    telling = person.answers(person.writes("status", subject="What do you hold?"), "yes")
    assert "Districts: 浜手、山手、中島 (until" in telling.text


def test_6_who_answers_a_japanese_form_in_english_is_answered_in_english(town: Gateway) -> None:
    person = Resident(town, PROGRAMS["Gmail in English"])
    form = person.writes("subscribe")
    person.language = "en"
    assert "浜手\n" in person.answers(form, "I live in hama, please register me.").text


# --- changing, asking, leaving ------------------------------------------------------------------


def registered(town: Gateway, named: str, program: Program = PLAIN) -> Resident:
    person = Resident(town, program)
    person.answers(person.writes("subscribe"), named)
    return person


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("地区：山手", "山手"),
        ("地区: shima, eki", "中島、駅前"),
        ("地区：＋山手", "浜手、山手、中島"),
        ("地区：+やまて、－中島", "浜手、山手"),
        ("地区：-浜手", "中島"),
        ("地区：−中島　＋駅前", "浜手、駅前"),
        ("地区：＋　駅前", "浜手、中島、駅前"),
        ("地区：全域", "浜手、山手、中島、駅前"),
    ],
)
def test_4_4_a_change_is_confirmed_and_done(town: Gateway, text: str, named: str) -> None:
    person = registered(town, "浜手、中島")
    letter = person.writes("change", text)
    assert STEP["ja"] in letter.text
    assert districts(person.answers(letter, "お願いします")) == f"地区：{named}\n"


@pytest.mark.parametrize("text", ["", "地区：", "地区：まちがい", "山手に変えてください"])
def test_a_change_that_says_nothing_gets_a_how_to_and_one_that_leaves_nothing_is_not_done(
    town: Gateway, text: str
) -> None:
    person = registered(town, "浜手")
    assert STEP["ja"] in person.writes("change", text).text
    letter = person.writes("change", "地区：－浜手")
    assert f"unsubscribe@{DOMAIN}" in person.answers(letter).text
    assert "地区：浜手（" in person.answers(person.writes("status")).text


def test_4_4_status_tells_everything_that_is_held_and_nobody_else(town: Gateway) -> None:
    person = registered(town, "浜手、駅前")
    letter = person.answers(person.writes("status", "何を持っていますか"))
    assert "地区：浜手、駅前（" in letter.text
    assert "版" in letter.text
    assert town.json("subscribers", "count")["active"] > 0
    stranger = Resident(town, PLAIN)
    assert "このアドレスの登録はありません" in stranger.answers(stranger.writes("status")).text


LEAVING = [
    ("subscribe", "", "退会"),
    ("change", "", "Re: 配信停止"),
    ("status", "", "Ｒｅ［２］： 解除"),
    ("help", "", "退会"),
    ("help", "退会\n-- \n花子", ""),
    ("subscribe", "解除お願いします。", "空メール"),
    ("unsubscribe", "", ""),
    ("unsubscribe", "やめます。さようなら。", "解約"),
    ("unsubscribe", "地区：全域", ""),
]


@pytest.mark.parametrize(("local", "text", "subject"), LEAVING)
def test_4_2_leaving_is_asked_back_once_and_then_all_is_erased(
    town: Gateway, local: str, text: str, subject: str
) -> None:
    person = registered(town, "浜手、駅前")
    asked = person.writes(local, text, subject)
    assert STEP["ja"] in asked.text
    assert reply_to(asked).startswith("confirm+")
    assert f"subscribe@{DOMAIN}" in person.answers(asked).text
    assert "登録はありません" in person.answers(person.writes("status")).text


def test_4_2_a_word_of_leaving_to_a_token_leaves_at_once(town: Gateway) -> None:
    for form_word, confirm_word in (("退会", ""), ("", "配信停止")):
        person = registered(town, "浜手")
        letter = person.writes("subscribe", *((FIELDS["ja"],) if confirm_word else ()))
        goodbye = person.answers(letter, subject=form_word or confirm_word)
        assert "消去しました" in goodbye.text


def test_4_2_some_districts_can_be_left(town: Gateway) -> None:
    person = registered(town, "浜手、中島、駅前")
    asked = person.writes("unsubscribe", "地区：中島")
    assert "解除する地区：中島\n" in asked.text
    assert "残っている地区：浜手、駅前\n" in person.answers(asked).text


def test_an_empty_forward_or_answer_from_outlook_is_an_empty_mail(town: Gateway) -> None:
    """2.4  The header of the other mail below is no line of fields."""
    person = registered(town, "浜手", PROGRAMS["Outlook on a telephone"])
    receipt = town.arrived(person.address)[-1]
    draft = Draft(author=person.address, to=f"unsubscribe@{DOMAIN}", answers=receipt)
    assert reply_to(person._sends(draft)).startswith("confirm+")
    other = Resident(town, replace(PROGRAMS["au"], attribution="差出人: {address}\n送信日時: 12:34\n件名: x"))
    draft = Draft(author=other.address, to=f"subscribe@{DOMAIN}", answers=receipt)
    assert LIST in other._sends(draft).text


def test_an_answer_to_an_alert_is_told_that_nobody_reads_it_and_whom_to_call(town: Gateway) -> None:
    people = {name: registered(town, "中島", PROGRAMS[name]) for name in ("iPhone", "Gmail", "Outlook")}
    assert town.post(alert("地区：中島\n区分：迷子\n\n赤い帽子の子が迷子です。\n")) == ACCEPTED
    for person in people.values():
        (copy,) = town.await_copies(person.address, 1)
        person.read += 1
        answer = person.answers(copy, "見かけました。駅前にいます。")
        assert "誰も読んでいません" in answer.text
        assert "110番" in answer.text
        assert "00-1234-5678" in answer.text
        # 4.1  And the one click, or an empty mail, to the token that only its headers know.
        goodbye = person._sends(Draft(author=person.address, to=copy.leave, subject="unsubscribe"))
        assert "消去しました" in goodbye.text
