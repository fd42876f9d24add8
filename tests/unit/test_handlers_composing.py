"""What residents get of an alert (protocol 5.9)."""

from dataclasses import replace

from handlers import composing
from handlers.expiry import Expiry
from handlers.posting import Posting
from tests.fakes.village import TOWN

POSTING = Posting(
    codes=("tomio",),
    category=TOWN.categories[0],
    victim_consent=False,
    subject="駅前で声かけ",
    text="午後3時ごろ、富雄駅前。\n",
    expiry=Expiry(minutes=240),
)
ALL = tuple(district.code for district in TOWN.districts)


def test_5_9_the_subject_names_category_and_districts_before_the_authors_words() -> None:
    assert composing.subject(POSTING, TOWN) == "[不審者情報][富雄] 駅前で声かけ"


def test_5_9_more_than_three_districts_are_not_all_named() -> None:
    town = replace(TOWN, districts=(*TOWN.districts, replace(TOWN.districts[0], code="e", name="奈良")))
    assert composing.area(ALL, town) == "富雄・富雄南・帯解ほか"


def test_5_9_every_district_is_the_whole_area() -> None:
    assert composing.area(ALL, TOWN) == "全域"


def test_5_9_a_subject_is_never_longer_than_200_characters() -> None:
    assert len(composing.subject(replace(POSTING, subject="あ" * 500), TOWN)) == 200


def test_5_9_a_subject_may_be_empty() -> None:
    assert composing.subject(replace(POSTING, subject=""), TOWN) == "[不審者情報][富雄]"


def test_5_9_the_footer_says_who_sent_it_why_it_came_and_how_to_leave() -> None:
    assert composing.text(POSTING, TOWN, "富雄小学校", "2026-0042") == (
        "午後3時ごろ、富雄駅前。\n"
        "\n"
        "-- \n"
        "富雄小学校からのお知らせです（2026-0042）。\n"
        "富雄の登録をされている方にお送りしています。\n"
        "解除は unsubscribe@example.jp に空メールを送ってください。\n"
        "緊急のときは110番へ。お問い合わせ：0742-00-0000\n"
        "(To leave, mail unsubscribe@example.jp. In danger, call 110.)\n"
    )


def test_4_1_the_visible_text_has_no_token() -> None:
    assert "leave+" not in composing.text(POSTING, TOWN, "富雄小学校", "2026-0042")
