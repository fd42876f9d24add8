"""The pages of one-click unsubscribe: what they say, and that their policy allows no more than they hold (4.5)."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from gateway.web.message import Response
from gateway.web.pages import Pages
from tests.fakes.village import TOWN

PAGES = Pages(TOWN)
ALL = {"question": PAGES.question, "again": PAGES.question_again, "done": PAGES.done, "unknown": PAGES.unknown}


@pytest.mark.parametrize("name", ALL)
def test_4_5_the_policy_allows_the_style_of_the_page_and_nothing_else(name: str) -> None:
    page = ALL[name]
    style = re.findall(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    allowed = dict(part.strip().partition(" ")[::2] for part in page.policy.split(";"))
    assert allowed == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert " style=" not in page.body.decode()


@pytest.mark.parametrize("name", ALL)
def test_4_5_each_page_says_the_same_in_both_languages_japanese_first(name: str) -> None:
    text = ALL[name].body.decode()
    assert '<html lang="ja">' in text
    assert re.findall(r'<p lang="(\w\w)"', text) == ["ja", "en"] * text.count('class="both"')


def test_4_5_only_the_question_has_a_button_and_it_posts_to_where_it_stands() -> None:
    assert [name for name, page in ALL.items() if b"<button" in page.body] == ["question", "again"]
    assert re.findall(rb"<form[^>]*>", PAGES.question.body) == [b'<form method="post">']
    assert PAGES.question.body == PAGES.question_again.body


def test_4_5_names_of_the_town_cannot_become_markup() -> None:
    page = Pages(replace(TOWN, organisation='<b>"A" & B</b>', contact="<script>")).question
    assert b"<b>" not in page.body
    assert b"<script" not in page.body
    assert b"&lt;b&gt;" in page.body


def test_every_answer_carries_the_strict_headers() -> None:
    names = Response(status=200, body=b"").headers().keys()
    assert {"Cache-Control", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"} <= names
