"""The links of the audit chain and the canonical form of an entry (protocol 8); no database is needed for them."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit import START, Entry, canonical, link, matches
from storage.merkle import leaf_hash

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
details = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=3))


@given(details)
def test_the_canonical_form_is_one_line_of_json_in_a_fixed_order(detail: dict[str, object]) -> None:
    text = canonical({"seq": 1, "detail": detail})
    assert json.loads(text) == {"seq": 1, "detail": detail}
    assert canonical({"detail": dict(reversed(detail.items())), "seq": 1}) == text
    assert "\n" not in text


def test_the_canonical_form_is_what_other_programs_can_make_too() -> None:
    entry = {
        "seq": 1,
        "at": "2026-06-01T09:00:00+00:00",
        "event": "alert:accepted",
        "detail": {"地区": ["富雄"], "a": 1},
    }
    expected = '{"at":"2026-06-01T09:00:00+00:00","detail":{"a":1,"地区":["富雄"]},"event":"alert:accepted","seq":1}'
    assert canonical(entry) == expected


def test_a_link_is_the_hash_of_the_one_before_and_the_leaf() -> None:
    leaf = hashlib.sha256(b"\x00entry").digest()
    assert leaf_hash(b"entry") == leaf
    assert link(START, leaf) == hashlib.sha256(bytes(32) + leaf).digest()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), texts, texts)
def test_another_entry_or_another_link_before_makes_another_link(one: bytes, two: bytes, a: str, b: str) -> None:
    first, second = leaf_hash(a.encode()), leaf_hash(b.encode())
    assert (link(one, first) == link(two, second)) == ((one, a) == (two, b))


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("*", True),
        ("alert:*", True),
        ("*:accepted", True),
        ("alert:accepted", True),
        ("alert:?ccepted", True),
        ("ALERT:*", False),
        ("alert", False),
        ("", False),
    ],
)
def test_an_event_matches_as_file_names_do(glob: str, found: bool) -> None:
    entry = Entry(seq=1, at=datetime(2026, 6, 1, tzinfo=UTC), event="alert:accepted", text="{}")
    assert matches(entry, glob) is found
