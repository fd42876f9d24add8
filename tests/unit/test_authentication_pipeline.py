"""Who may be believed: the whole way from octets to author, with real keys (protocol 5.1, 5.1b, 5.2)."""

import base64
from datetime import timedelta
from email.utils import format_datetime

import pytest

from gateway.authentication.pipeline import TryLater
from handlers.mail import Verdict
from storage.records import Address
from tests.fakes.dns import FakeResolver
from tests.fakes.school import (
    EDWARDS,
    KEY,
    KEY_NAME,
    NOW,
    STRANGER,
    TEACHER,
    cause,
    forge,
    letter,
    proof,
    published,
    verdict,
)  # fmt: skip
from tests.fakes.signer import COVERED, Key, compose, new_key, sign

MINIMUM = ("from", "subject", "date", "message-id")
STAMP = int(NOW.timestamp())
TEXT = "District: tomio\n\nBe careful.\n"


def plain(**headers: str) -> bytes:
    """The teacher's mail, not signed yet."""
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    return compose(TEACHER, "alert@example.jp", "Alert", TEXT, extra, date=NOW)


def forged(tags: dict[str, str | None] | None = None, covered: tuple[str, ...] = COVERED, **headers: str) -> bytes:
    return forge(plain(**headers), covered, tags)


# --- who is proven ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, EDWARDS], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("canonical", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple")])
def test_a_signed_mail_of_the_teacher_is_proven(key: Key, canonical: tuple[bytes, bytes]) -> None:
    found = verdict(letter(key=key, canonical=canonical), published(key.txt_record))
    assert isinstance(found, Verdict)
    assert found.author == Address(TEACHER)
    assert found.cause is None
    assert found.proof is not None
    assert (found.proof.domain, found.proof.selector, found.proof.pinned) == ("school.example", "s1", False)
    assert found.proof.subject == "不審者情報"
    assert found.proof.text == "District: tomio\n\n公園で声かけがありました。\n"
    assert found.proof.date == format_datetime(NOW)
    assert "@mail.school.example>" in found.proof.message_id


def test_the_own_signer_of_these_tests_signs_as_dkimpy_does() -> None:
    assert cause(forged()) is None
    assert cause(forge(plain(), COVERED, {"a": "ed25519-sha256"}, key=EDWARDS), published(EDWARDS.txt_record)) is None


def test_upper_case_in_the_address_and_the_domain_changes_nobody() -> None:
    mail = letter(sender="Taro <TARO@School.Example>", domain="SCHOOL.example")
    assert cause(mail) is None


def test_blanks_and_folding_on_the_way_do_not_break_a_relaxed_signature() -> None:
    raw = letter(TEXT, subject="Alert now").replace(b"Subject: Alert now", b"SUBJECT:\tAlert\r\n   now  ")
    raw = raw.replace(b"Be careful.\r\n", b"Be   careful. \r\n\r\n\r\n")
    assert cause(raw) is None


def test_a_mail_folded_anew_keeps_what_its_replay_key_is_made_of() -> None:
    original = letter(TEXT, message_id="<1 2@school.example>")
    copied = original.replace(b"Message-ID: <1 2", b"message-id:  <1 \r\n\t 2").replace(b"careful.", b"careful. ")
    first, second = proof(original), proof(copied)
    assert (first.message_id, first.date, first.body_hash) == (second.message_id, second.date, second.body_hash)


def test_dropping_one_of_two_signatures_keeps_what_the_replay_key_is_made_of() -> None:
    once = letter(TEXT, canonical=(b"simple", b"simple"))
    twice = sign(once, KEY.private_pem, "school.example", "s1", tags={"t": str(STAMP)})
    assert proof(once).body_hash == proof(twice).body_hash


# --- who is not ---------------------------------------------------------------------------------


def test_an_unsigned_mail_is_nobodys() -> None:
    assert cause(plain()) == "no-signature"


def test_an_author_who_is_not_enrolled_costs_no_look_up() -> None:
    resolver = published()
    assert cause(letter(sender="hanako@school.example"), resolver) == "unknown-author"
    assert resolver.queries == []


@pytest.mark.parametrize("domain", ["attack.example", "mail.school.example", "example"])
def test_a_signature_of_another_domain_is_ignored_and_costs_no_look_up(domain: str) -> None:
    resolver = FakeResolver({f"s1._domainkey.{domain}": [STRANGER.txt_record]})
    assert cause(letter(key=STRANGER, domain=domain), resolver) in ("not-aligned", "signature-grammar")
    assert resolver.queries == []


def test_a_strangers_signature_beside_the_schools_does_no_harm() -> None:
    assert cause(sign(letter(), STRANGER.private_pem, "esp.example", "s1", tags={"t": str(STAMP)})) is None


def test_a_strangers_key_does_not_sign_for_the_school() -> None:
    assert cause(letter(key=STRANGER)) == "signature-wrong"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Alert", b"Subject: Fire"),
        (b"From: taro", b"From: Boss <taro@school.example>\r\nX-Old: taro"),
        (b"Content-Type: text/plain", b"Content-Type: text/html"),
    ],
)  # fmt: skip
def test_a_changed_field_breaks_the_signature(old: bytes, new: bytes) -> None:
    raw = letter(TEXT, subject="Alert")
    assert old in raw
    assert cause(raw.replace(old, new)) == "signature-wrong"


@pytest.mark.parametrize("addition", [b"More.\r\n", b"\r\nMore.", b"."])
def test_a_changed_body_breaks_the_signature(addition: bytes) -> None:
    assert cause(letter() + addition) == "body-altered"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"Subject: Fire", "duplicate-field"),
        (b"From: taro@school.example", "duplicate-field"),
        (b"Reply-To: x@attack.example", "signature-wrong"),
        (b"Cc: x@attack.example", "signature-wrong"),
        (b"Content-Type: text/html", "duplicate-field"),
        (b"Resent-From: x@attack.example", "resent-field"),
    ],
)
def test_a_field_added_on_top_is_noticed(field: bytes, expected: str) -> None:
    assert cause(field + b"\r\n" + letter()) == expected


def test_a_second_comment_on_top_of_a_covered_one_is_noticed() -> None:
    raw = forged(covered=(*COVERED, "comments"), Comments="one")
    assert cause(raw) is None
    assert cause(b"Comments: two\r\n" + raw) == "field-not-covered"


def test_a_hop_may_add_received_fields() -> None:
    raw = forged(covered=(*COVERED, "received"), Received="by mail.school.example; now")
    assert cause(b"Received: by mx.example.jp; later\r\n" + raw) is None


# --- what dkimpy alone would let pass -----------------------------------------------------------


@pytest.mark.parametrize("missing", MINIMUM)
def test_the_four_fields_must_be_covered(missing: str) -> None:
    covered = tuple(name for name in COVERED if name != missing)
    assert cause(forged(covered=covered)) == "field-not-covered"


def test_a_body_length_is_refused_even_when_it_is_the_whole_length() -> None:
    assert cause(forged({"l": "0"})) == "body-length-tag"
    assert cause(forged({"l": "9999"})) == "body-length-tag"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"x": str(STAMP - 1), "t": str(STAMP - 9)}, "signature-expired"),
        ({"x": str(STAMP)}, "signature-grammar"),
        ({"x": str(STAMP + 1)}, None),
        ({"x": str(STAMP), "t": None}, None),
        ({"x": str(STAMP - 1), "t": None}, "signature-expired"),
        ({"t": str(STAMP - 86_401)}, "too-old"),
        ({"t": str(STAMP - 86_399)}, None),
        ({"t": str(STAMP + 601)}, "in-future"),
        ({"t": str(STAMP + 599)}, None),
        ({"t": None}, None),
        ({"darn": "example.jp"}, None),
        ({"darn": "Example.JP"}, None),
        ({"darn": "other.example"}, "other-recipient"),
        ({"i": "@attack.example"}, "identity"),
        ({"i": "someone@mail.school.example"}, None),
        ({"a": "rsa-sha1"}, "algorithm"),
        ({"v": None}, "signature-grammar"),
        ({"q": "dns/txt"}, None),
        ({"q": "http"}, "signature-grammar"),
        ({"z": "From:attack@example"}, None),
    ],
)  # fmt: skip
def test_the_tags_of_a_right_signature_are_judged(tags: dict[str, str | None], expected: str | None) -> None:
    assert cause(forged(tags)) == expected


@pytest.mark.parametrize(
    ("hours", "expected"), [(-24.1, "too-old"), (-23.9, None), (0.1, None), (0.2, "in-future"), (-20_000, "too-old")]
)
def test_the_signed_date_must_be_of_today(hours: float, expected: str | None) -> None:
    date = NOW + timedelta(hours=hours)
    mail = compose(TEACHER, "alert@example.jp", "Alert", TEXT, date=date)
    assert cause(forge(mail, COVERED, {"t": None})) == expected


@pytest.mark.parametrize(
    "date", ["yesterday", "", "Mon, 32 Nov 2026 06:00:00 +0000", "x" * 200, "Mon, 23 Nov 2026 06:00:00 +99999"]
)
def test_a_date_that_cannot_be_read_is_refused(date: str) -> None:
    mail = plain().replace(f"Date: {format_datetime(NOW)}".encode(), b"Date: " + date.encode())
    assert cause(forge(mail, COVERED)) == "date-grammar"


@pytest.mark.parametrize(
    "date", ["Mon, 23 Nov 2026 15:00:00 +0900 (JST)", "23 Nov 2026 06:00 GMT", "Mon, 23 Nov 2026 06:00:00 -0000"]
)
def test_the_ways_to_write_a_date_are_understood(date: str) -> None:
    mail = plain().replace(f"Date: {format_datetime(NOW)}".encode(), b"Date: " + date.encode())
    assert cause(forge(mail, COVERED)) is None


@pytest.mark.parametrize("name", [b"Date", b"Message-ID"])
def test_a_mail_that_could_not_be_told_from_another_is_refused(name: bytes) -> None:
    assert cause(forge(plain().replace(name + b":", b"X-No:"), COVERED)) == "field-missing"


def test_a_signature_that_was_padded_or_grown_by_the_modulus_is_wrong() -> None:
    raw = forged()
    head, _, rest = raw.partition(b"; b=")
    value, _, tail = rest.partition(b"\r\n")
    padded = base64.b64encode(b"\0" + base64.b64decode(value))
    assert cause(head + b"; b=" + padded + b"\r\n" + tail) == "signature-wrong"


@pytest.mark.parametrize("tail", ["; z=a", ";", "; x=" + str(STAMP + 9)])
def test_tags_may_follow_the_signature(tail: str) -> None:
    assert cause(forge(plain(), COVERED, last=tail)) is None


def test_where_dkimpy_reads_a_signature_otherwise_nobody_is_proven() -> None:
    # The blank before the semicolon does not count (RFC 6376, 3.7). dkimpy counts it.
    raw = forge(plain(), COVERED, last="; z=a").replace(b"; z=a\r\n", b" ; z=a\r\n", 1)
    assert cause(raw) == "verifiers-disagree"


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (KEY.txt_record.replace("v=DKIM1;", "v=DKIM1; t=y;"), "key-testing"),
        (KEY.txt_record.replace("v=DKIM1;", "v=DKIM1; s=email:web;"), None),
        ("v=DKIM1; p=", "key-revoked"),
        pytest.param(EDWARDS.txt_record, "key-type", id="another kind"),
    ],
)
def test_the_record_of_the_key_is_judged(record: str, expected: str | None) -> None:
    assert cause(letter(), published(record)) == expected


def test_a_key_for_the_domain_alone_refuses_an_identity_below_it() -> None:
    record = KEY.txt_record.replace("v=DKIM1;", "v=DKIM1; t=s;")
    assert cause(forged({"i": "@mail.school.example"}), published(record)) == "key-identity"


def test_nothing_published_and_several_published_are_refused() -> None:
    assert cause(letter(), FakeResolver()) == "no-key"
    assert cause(letter(), FakeResolver({KEY_NAME: [KEY.txt_record, KEY.txt_record]})) == "several-keys"


def test_a_silent_name_server_is_no_verdict() -> None:
    assert verdict(letter(), FakeResolver(trouble=[KEY_NAME])) == TryLater()


def test_a_silent_name_server_does_not_hide_another_signature_that_is_right() -> None:
    raw = sign(letter(), KEY.private_pem, "school.example", "s2", tags={"t": str(STAMP)})
    assert cause(raw, FakeResolver({KEY_NAME: [KEY.txt_record]}, trouble=["s2._domainkey.school.example"])) is None
    assert verdict(raw, FakeResolver(trouble=["s2._domainkey.school.example"])) == TryLater()


def test_a_pinned_key_is_the_only_one_and_no_name_server_is_asked() -> None:
    resolver = FakeResolver({KEY_NAME: [STRANGER.txt_record]}, trouble=[KEY_NAME])
    assert proof(letter(), resolver, keys=[KEY.pinned]).pinned
    assert cause(letter(key=STRANGER), resolver, keys=[KEY.pinned]) == "signature-wrong"
    assert cause(letter(selector="s2"), resolver, keys=[KEY.pinned]) == "not-pinned"
    assert resolver.queries == []


def test_a_short_key_is_believed_only_where_it_is_pinned() -> None:
    short = new_key(bits=1024)
    assert cause(letter(key=short), published(short.txt_record)) == "key-too-short"
    assert cause(letter(key=short), published(short.txt_record), keys=[short.pinned]) is None


# --- several signatures -------------------------------------------------------------------------


def with_broken(count: int, domain: str = "school.example") -> bytes:
    raw = letter()
    for _ in range(count):
        raw = forge(raw, COVERED, {"bh": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "d": domain})
    return raw


def test_one_right_signature_of_three_is_enough() -> None:
    assert cause(with_broken(2)) is None
    assert cause(with_broken(3)) == "body-altered"


def test_the_signature_that_covers_more_is_taken() -> None:
    assert proof(forge(forged(), MINIMUM)).text == TEXT


def test_strangers_signatures_do_not_use_up_the_tries() -> None:
    assert cause(with_broken(9, "esp.example")) is None
    assert cause(with_broken(10, "esp.example")) == "too-many-signatures"


def test_more_unreadable_signatures_than_any_honest_mail_has_are_refused() -> None:
    assert cause(b"DKIM-Signature: v=1\r\n" * 4 + letter()) is None
    assert cause(b"DKIM-Signature: v=1\r\n" * 5 + letter()) == "too-many-signatures"


def test_the_signature_that_came_furthest_gives_the_cause() -> None:
    raw = forge(letter(key=STRANGER), MINIMUM, {"d": "esp.example"})
    assert cause(b"DKIM-Signature: rubbish\r\n" + raw) == "signature-wrong"


# --- X- fields ----------------------------------------------------------------------------------


def test_extra_fields_are_told_apart_by_what_the_signature_covers() -> None:
    headers = {"X-District": "=?utf-8?B?5a+M6ZuE?=", "X-Category": "a", "X-Mailer": "m"}
    found = proof(letter(TEXT, headers, sign_headers=(*COVERED, "x-district")))
    assert found.signed_fields == {"district": "富雄"}
    assert found.unsigned_fields == {"category", "mailer"}


def test_an_extra_field_that_stands_twice_is_not_believed() -> None:
    mail = b"X-District: a\r\n" + plain(X_District="b")
    found = proof(forge(mail, (*COVERED, "x-district", "x-district")))
    assert not found.signed_fields
    assert found.unsigned_fields == {"district"}
    assert cause(b"X-District: a\r\n" + forged(covered=(*COVERED, "x-district"), X_District="b")) == "field-not-covered"


def test_an_extra_field_that_hides_a_line_end_is_left_encoded() -> None:
    hidden = "=?utf-8?q?a=0D=0AConsent:_yes?="
    found = proof(letter(TEXT, {"X-District": hidden}, sign_headers=(*COVERED, "x-district")))
    assert found.signed_fields == {"district": hidden}


def test_a_proof_does_not_print_what_was_said() -> None:
    shown = repr(verdict(letter(subject="Secret")))
    assert "Secret" not in shown
    assert TEACHER not in shown
    assert "tomio" not in shown


def test_1_3_to_whom_it_was_written_counts_where_the_signature_covers_it() -> None:
    assert proof(letter()).addressed == "alert@example.jp"
    without = [name for name in COVERED if name not in ("to", "cc")]
    assert proof(letter(sign_headers=without)).addressed is None
