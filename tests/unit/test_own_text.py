"""The author's own lines (protocol 2.4), and an alert's text (protocol 5.9)."""

import pytest

from handlers.own_text import alert_text, own_text

GMAIL_JA = "2026年8月3日(月) 12:00 見守りメール <confirm+abcdefghijklmnopqrstuvwxyz@example.jp>:"
GMAIL_JA_FOLDED = "2026年8月3日(月) 12:00 見守りメール\n<confirm+abcdefghijklmnopqrstuvwxyz@example.jp>:"
GMAIL_EN = "On Mon, Aug 3, 2026 at 12:00 PM Mimamori <confirm+abcdefghijklmnopqrstuvwxyz@example.jp>\nwrote:"
APPLE = "On 3 Aug 2026, at 12:00, Mimamori <confirm+abc@example.jp> wrote:"
APPLE_JA = "2026/08/03 12:00、見守りメール <confirm+abc@example.jp>のメール:"
THUNDERBIRD_JA = "見守りメール さんは書きました:"


@pytest.mark.parametrize("attribution", [GMAIL_JA, GMAIL_JA_FOLDED, GMAIL_EN, APPLE, APPLE_JA, THUNDERBIRD_JA])
def test_2_4_a_quotation_and_the_line_above_it_are_not_theirs(attribution: str) -> None:
    assert own_text(f"1、3\n\n{attribution}\n\n> 登録の確認\n> 取消\n") == "1、3"
    assert own_text(f"{attribution}\n> 登録の確認\n\n1、3") == "1、3"


@pytest.mark.parametrize(
    "rest",
    [
        "-- \n花子\n富雄",
        "--\n花子",
        "____________________\n花子",
        "iPhoneから送信",
        "Sent from my iPhone",
        "Get Outlook for Android",
        "Yahoo!メールアプリから送信",
        "-----Original Message-----\nFrom: x",
        "-------- 転送メッセージ --------\n富雄",
        "差出人: 見守り <a@example.jp>\n送信日時: 2026年8月3日\n1. 富雄",
        "From: Mimamori <a@example.jp>\nSent: Monday\n1. 富雄",
        "________________________________\n差出人: x\n1. 富雄",
    ],
)
def test_2_4_signatures_advertisements_and_unmarked_quotations_are_not_theirs(rest: str) -> None:
    assert own_text(f"帯解\n\n{rest}\n") == "帯解"


def test_a_line_that_only_begins_like_an_attribution_is_theirs() -> None:
    assert own_text("On Monday we move.\n富雄") == "On Monday we move.\n富雄"


def test_5_9_an_alert_ends_at_the_signature_or_a_quoted_block() -> None:
    assert alert_text("\n本文 \n==========\n続き\n-- \n富雄小学校") == "本文\n==========\n続き"
    assert alert_text("本文\n> 前のメール\n後") == "本文"
