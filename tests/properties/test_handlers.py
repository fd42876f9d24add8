"""What holds of every handler, whatever a mail says (protocol 6, 1.4, 2.3; the rules of Outcome)."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import districts
from handlers.fields import NAMES, read_head, read_line
from handlers.mail import InboundMail, Malformed, Proof, Route, Verdict
from handlers.own_text import alert_text, own_text
from handlers.reading import read
from handlers.routes import HANDLERS
from handlers.visible_text import visible_text
from storage.records import (
    Address,
    AlertState,
    LeaveClaim,
    Quota,
    ReleaseAlert,
    Request,
    RequestKind,
    RequestState,
    SaveAlert,
    SaveSubscription,
    Subscription,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MARCH, MOTHER, NOW, TEACHER, TOWN, alert, mail, proof, request, subscription

MARK = "まぎれこみ"  # a stranger's words: they may be in no letter
CODES = [district.code for district in TOWN.districts]
PUBLIC = ("subscribe", "unsubscribe", "change", "status", "help")
TOKENS = ("form", "confirm", "leave")
COMMANDS = st.sampled_from(sorted(HANDLERS))

WORDS = st.sampled_from(
    [name for names in NAMES.values() for name in names]
    + [
        *NAMES,
        "お名前",
        "富雄",
        "帯解",
        "富尾",
        "全域",
        "はい",
        "yes",
        "1",
        "3",
        "99",
        "解除",
        "取消",
        "all",
        MARK,
        "+",
        "-",
    ]
    + [
        "：",
        ": ",
        "\n",
        "\n\n",
        "> ",
        "・",
        "X-",
        "、",
        "-- \n",
        "Re: ",
        "http://evil.example/",
        "訓練",
        "不審者情報",
        "被害情報",
    ]
)
TEXTS = st.lists(WORDS, max_size=14).map("".join) | st.text(max_size=200)
LINES = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
SUBJECTS = TEXTS.map(lambda text: " ".join(text.split())) | LINES
AUTHORS = st.sampled_from(
    [MOTHER.canonical, f'"{MARK}" <hanako@mail.example>', "a..b@docomo.ne.jp", "nobody", TEACHER.canonical]
)
AUTOMATIC = st.sampled_from(
    [
        {"sender": None},
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"Precedence": "bulk"}},
        {"headers": {"List-Id": "<x.example>"}},
        {"headers": {"X-Auto-Response-Suppress": "All"}},
        {"author": "mailer-daemon@mail.example"},
        {"author": "help@example.jp"},
    ]
)


@st.composite
def subscriptions(draw: Callable[..., list[str]]) -> list[Subscription]:
    years = draw(st.sampled_from([[], [2026], [2026, 2027], [2027]]))
    return [subscription(draw(st.sets(st.sampled_from(CODES), min_size=1)), year) for year in years]  # type: ignore[arg-type]


FACTS = st.builds(
    Facts,
    held=subscriptions(),
    open=st.integers(0, 5),
    used=st.integers(0, 5).map(lambda count: {Quota("address", MOTHER.canonical): count, Quota("all"): count * 1_100}),
    total=st.integers(0, 1_500),
    alerts=st.integers(0, 31),
    posted=st.sampled_from(list(AlertState)).map(lambda state: [alert(42, state)]),
).map(lambda facts: replace(facts, claimed={LeaveClaim(year=2026, subscription_id=1): s for s in facts.held[:1]}))
REQUESTS = st.builds(
    lambda kind, state, codes, removed, replaces, gone, late: request(
        kind,
        codes or ({"tomio"} if kind in (RequestKind.CONFIRM_SUBSCRIBE, RequestKind.RENEW) else set()),
        state=state,
        removed=frozenset(removed),
        replaces=replaces,
        address=None if gone else MOTHER,
        expires_at=NOW + timedelta(hours=-1 if late else 48),
    ),
    st.sampled_from(list(RequestKind)),
    st.sampled_from([RequestState.OPEN, *RequestState]),
    st.sets(st.sampled_from(CODES)),
    st.sets(st.sampled_from(CODES)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
PROOFS = st.builds(
    lambda text, subject, headers: proof(text, subject, signed_fields=headers),
    TEXTS | st.none(),
    SUBJECTS,
    st.dictionaries(st.sampled_from(["district", "category", "victim-consent"]), WORDS, max_size=2),
)


def verdict_for(command: str, claim: Request, posted: Proof, proven: bool) -> Verdict:
    """The verdict that the shell would hand to this command's handler."""
    if command in ("leave", "bounce"):
        return Verdict(claim=LeaveClaim(year=2026, subscription_id=1))
    if command in ("form", "confirm"):
        kind = RequestKind.FORM if command == "form" else claim.kind
        foreign = command == "confirm" and kind in (RequestKind.FORM, RequestKind.RELEASE)
        kind = RequestKind.CONFIRM_LEAVE if foreign else kind
        return Verdict(claim=replace(claim, kind=kind))
    if command == "release":
        claim = replace(claim, kind=RequestKind.RELEASE, alert="2026-0042", address=claim.address and TEACHER)
        return Verdict(author=TEACHER if proven else None, proof=posted if proven else None, claim=claim)
    if command == "alert":
        return Verdict(author=TEACHER, proof=posted) if proven else Verdict(cause="unknown-author")
    return Verdict(author=MOTHER if proven else None)


@given(COMMANDS, TEXTS, SUBJECTS, AUTHORS, FACTS, REQUESTS, PROOFS, st.booleans(), st.sampled_from([NOW, MARCH]))
@settings(max_examples=200, deadline=None)
def test_every_outcome_keeps_the_rules(
    command: str,
    body: str,
    subject: str,
    author: str,
    facts: Facts,
    claim: Request,
    posted: Proof,
    proven: bool,
    at: object,
) -> None:
    inbound = mail(command, body, subject=subject, author=author, at=at)  # type: ignore[arg-type]
    outcome = HANDLERS[command](inbound, verdict_for(command, claim, posted, proven), facts, TOWN)
    # 2.3  A refusal changes nothing and sends nothing; and nothing passes without a trace.
    if not outcome.reply.accepted:
        assert not outcome.changes
        assert not outcome.letters
    assert outcome.audit or outcome.letters
    for letter in outcome.letters:
        own_words = command == "alert"  # staff get their own text back, as a draft
        for part in (letter.subject, letter.text):
            assert own_words or not re.search(r"[{}]|https?:", part)
            assert own_words or MARK not in part
        assert "\n" not in letter.subject
    for change in outcome.changes:
        if isinstance(change, SaveSubscription):
            assert change.districts
            assert change.districts <= set(CODES)
        if isinstance(change, SaveAlert):
            assert "\n" not in change.alert.subject


@given(COMMANDS, TEXTS, SUBJECTS, AUTOMATIC, FACTS, REQUESTS, PROOFS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_6_a_null_sender_or_a_program_never_yields_a_letter_to_anybody(
    command: str,
    body: str,
    subject: str,
    automatic: dict[str, object],
    facts: Facts,
    claim: Request,
    posted: Proof,
    proven: bool,
) -> None:
    inbound = mail(command, body, subject=subject, **automatic)  # type: ignore[arg-type]
    outcome = HANDLERS[command](inbound, verdict_for(command, claim, posted, proven), facts, TOWN)
    # 1  What comes for the postmaster is passed on to a person, and answers nobody.
    assert {letter.to for letter in outcome.letters} <= ({TOWN.admin} if command in ("postmaster", "abuse") else set())


@given(st.sampled_from(PUBLIC + TOKENS), TEXTS, SUBJECTS, FACTS, REQUESTS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_1_3_a_letter_goes_to_the_author_or_to_whom_the_token_was_minted_for(
    command: str, body: str, subject: str, facts: Facts, claim: Request, proven: bool
) -> None:
    stranger = "stranger@other.example"
    author = stranger if command in TOKENS else MOTHER.canonical
    inbound = mail(command, body, subject=subject, author=author, headers={"Reply-To": "victim@other.example"})
    outcome = HANDLERS[command](inbound, verdict_for(command, claim, proof(None), proven), facts, TOWN)
    assert {letter.to for letter in outcome.letters} <= {MOTHER}
    touched = {getattr(change, "address", MOTHER) for change in outcome.changes}
    assert touched <= {MOTHER}


@given(st.sampled_from(PUBLIC), TEXTS, SUBJECTS, FACTS)
@settings(max_examples=150, deadline=None)
def test_3_1_4_2_an_unproven_mail_without_a_token_changes_nothing(
    command: str, body: str, subject: str, facts: Facts
) -> None:
    outcome = HANDLERS[command](mail(command, body, subject=subject), Verdict(), facts, TOWN)
    assert outcome.changes == ()


@given(PROOFS, FACTS)
@settings(max_examples=150, deadline=None)
def test_5_4_a_category_that_needs_consent_is_never_relayed_without_it(posted: Proof, facts: Facts) -> None:
    inbound = mail("alert", author=TEACHER.canonical)
    outcome = HANDLERS["alert"](inbound, Verdict(author=TEACHER, proof=posted), facts, TOWN)
    for change in outcome.changes:
        if isinstance(change, SaveAlert) and change.alert.category == "harm":
            assert outcome.audit[0].detail["victim_consent"] is True


@given(TEXTS, SUBJECTS, FACTS, st.sampled_from(["Drill: yes", "訓練：はい", "・訓練: yes"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_5_5b_whatever_a_drill_says_it_makes_no_alert_and_reaches_staff_and_testers_only(
    text: str, subject: str, facts: Facts, line: str, whole: bool
) -> None:
    fields = "地区：富雄\n区分：不審者\n" if whole else ""
    posted = proof(f"{line}\n{fields}{text}", subject)
    tester = Address("tester@city.example")
    town = replace(TOWN, drill_addresses=(tester,))
    inbound = mail("alert", author=TEACHER.canonical)
    outcome = HANDLERS["alert"](inbound, Verdict(author=TEACHER, proof=posted), facts, town)
    assert not any(isinstance(change, SaveAlert | ReleaseAlert) for change in outcome.changes)
    assert {letter.to for letter in outcome.letters} <= {tester, *(member.address for member in TOWN.staff)}


HEADERS = st.sampled_from(
    [
        b"From: a@b.example\r\n",
        b"From: =?utf-8?q?",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html; charset=",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Subject: =?iso-2022-jp?b?GyRC?=\r\n",
        b"Message-ID: <[>\r\n",
        b"\r\n",
        b"\r\n--b\r\n",
        b"--b--",
        b"iso-2022-jp",
        b"\x1b$B",
        b"\xff\xfe",
        b"\x00",
        b"<div>",
        b"&#99999999999;",
        b"begin 644 x\r\n",
    ]
)
RAW = st.binary(max_size=300) | st.lists(HEADERS | st.binary(max_size=20), max_size=30).map(b"".join)


@given(RAW, COMMANDS, st.sampled_from([None, "", "a@b.example", "\x00"]))
@settings(max_examples=400, deadline=None)
def test_any_octets_become_a_mail_or_malformed_within_a_second(raw: bytes, command: str, sender: str | None) -> None:
    started = time.process_time()
    found = read(raw, mail_id="m-1", received_at=NOW, route=Route(command=command), sender=sender, domain="example.jp")
    assert isinstance(found, InboundMail | Malformed)
    assert time.process_time() - started < 1.0
    if isinstance(found, InboundMail):
        assert not re.search(r"[\x00-\x1f]", found.subject)


@given(RAW, COMMANDS)
@settings(max_examples=150, deadline=None)
def test_whatever_is_read_every_handler_can_decide(raw: bytes, command: str) -> None:
    route = Route(command=command)
    raw = b"From: a@b.example\r\n" + raw
    found = read(raw, mail_id="m-1", received_at=NOW, route=route, sender="a@b.example", domain="example.jp")
    if isinstance(found, InboundMail):
        claim = request(RequestKind.CONFIRM_SUBSCRIBE, ["tomio"])
        HANDLERS[command](found, verdict_for(command, claim, proof(None), False), Facts(), TOWN)


@given(st.text(max_size=400) | TEXTS)
def test_text_of_any_kind_is_read_without_trouble(text: str) -> None:
    own_text(text)
    alert_text(text)
    visible_text(text)
    districts.choose(text, TOWN.districts)
    districts.nearest(text[:40], TOWN.districts)
    mentioned = districts.mentioned(text, TOWN.districts)
    assert set(mentioned.codes) <= set(CODES)
    read_line(text.split("\n")[0])


@given(TEXTS)
def test_2_1_a_head_and_its_rest_never_share_a_field(text: str) -> None:
    for unknown_below in (True, False):
        head = read_head(text, unknown_below=unknown_below)
        assert head.lines or head.rest == text.strip("\n")
        assert not unknown_below or len(head.rest) <= len(text)


@given(
    st.sampled_from(NAMES["District"]),
    st.sampled_from(["", "> ", "・", "X-", "Ｘ－", " ", "　"]),
    st.sampled_from([":", "：", " : ", "　：　"]),
    st.sampled_from(["tomio", "富雄", "トミオ", "ﾄﾐｵ", "とみお小学校"]),
)
def test_2_1_every_way_to_write_a_district_line_is_understood(word: str, mark: str, colon: str, value: str) -> None:
    outcome = HANDLERS["subscribe"](
        mail("subscribe", f"{mark}{word}{colon}{value}\n同意：はい"), Verdict(), Facts(), TOWN
    )
    new = outcome.letters[0].request
    assert new is not None
    assert (new.kind, new.districts) == (RequestKind.CONFIRM_SUBSCRIBE, {"tomio"})


def test_the_address_of_a_resident_is_in_no_audit_event() -> None:
    for command in PUBLIC:
        outcome = HANDLERS[command](mail(command, "地区：富雄\n同意：はい"), Verdict(), Facts(), TOWN)
        assert MOTHER.canonical not in repr(outcome)
        assert all(event.about in (None, Address(MOTHER.canonical)) for event in outcome.audit)
