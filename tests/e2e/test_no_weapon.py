"""Nobody can make the gateway write to others, fill a mailbox, go round in circles, or tell who is registered.

Protocol 1.2-1.4, 3.6, 4.3, 6; RFC 3834. MIMAMORI_THOROUGH=1 tries more of the same.
"""

import base64
import math
import os
import re
import smtplib
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from gateway import app
from gateway.config import load
from storage.records import Address, Consent, SaveSubscription
from tests.e2e.conftest import Start, starter
from tests.e2e.town import DOMAIN, Arrived, Gateway, this_year, until
from tests.fakes.signer import compose, new_key, staff_mail

ACCEPTED = (250, "2.0.0 accepted")
OPEN = ("subscribe", "unsubscribe", "change", "status", "help")
THOROUGH = os.environ.get("MIMAMORI_THOROUGH") == "1"
TOKEN = "[a-z2-7]{26}"
TO_AN_END = 90.0  # seconds that a count of this hour needs at most


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ExitStack() as stack:
        yield starter(stack, tmp_path_factory.mktemp("no-weapon"))()


@pytest.fixture
def within_the_hour() -> None:
    """Counts are of an hour or a day (3.6): a test that counts waits where the next is about to begin."""
    left = 3600 - time.time() % 3600
    if left < TO_AN_END:
        time.sleep(left)


# --- who is never answered ----------------------------------------------------------------------

AWAY = "只今、外出しております。District: hama"
ROBOTS: dict[str, dict[str, str]] = {
    "an out-of-office": {"Auto-Submitted": "auto-replied", "Subject": "Automatic reply: x"},
    "an out-of-office of Exchange": {"X-Auto-Response-Suppress": "All"},
    "an old vacation program": {"Precedence": "bulk"},
    "one that says so in its subject alone": {"Subject": "Out of Office: Re: x"},
    "one that says so in Japanese": {"Subject": "=?utf-8?b?6Ieq5YuV5b+c562U?=: x"},
    "another one": {"X-Autoreply": "yes"},
    "junk": {"Precedence": "junk"},
    "a timer": {"Auto-Submitted": "auto-generated (cron)"},
    "a mailing list": {"List-Id": "Chat <chat.family.test>", "Precedence": "list"},
    "a newsletter": {"List-Unsubscribe": "<mailto:out@news.test>"},
    "a delivery report": {"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"},
    "a read receipt": {"Content-Type": "multipart/report; report-type=disposition-notification; boundary=b"},
}
NAMES = (
    "noreply",
    "no-reply",
    "no_reply+x",
    "do-not-reply",
    "donotreply",
    "mailer-daemon",
    "postmaster",
    "bounces+x=y",
)


@pytest.mark.parametrize("robot", ROBOTS)
def test_6_robots_lists_and_reports_get_250_and_no_letter(town: Gateway, robot: str) -> None:
    address = f"{robot.replace(' ', '-')}@robot.test"
    for local in OPEN:
        raw = compose(address, town.ours(local), "x", AWAY, ROBOTS[robot])
        assert town.send(raw, town.ours(local), address) == ACCEPTED
    assert_silent(town, address)


@pytest.mark.parametrize("local_part", NAMES)
def test_6_who_reads_no_mail_gets_none(town: Gateway, local_part: str) -> None:
    address = f"{local_part}@robot.test"
    for local in OPEN:
        assert town.write(address, town.ours(local), AWAY) == ACCEPTED
    assert_silent(town, address)


def test_6_the_null_sender_is_never_answered(town: Gateway) -> None:
    for local in OPEN:
        raw = compose("victim@family.test", town.ours(local), "Undelivered Mail", "地区：浜手\n同意：はい\n")
        assert town.send(raw, town.ours(local), "") == ACCEPTED
    assert_silent(town, "victim@family.test")


def test_6_our_own_letters_that_come_back_are_not_answered(town: Gateway) -> None:
    person = "echo@family.test"
    town.subscribe(person, "浜手")
    letters = town.arrived(person)
    for letter in letters:
        token = str(letter.mail["Reply-To"] or "").rpartition("<")[2].rstrip(">")
        for to in (*map(town.ours, OPEN), letter.sender, *([token] if token else [])):
            assert town.send(letter.raw, to, letter.sender) == ACCEPTED
            assert town.send(letter.raw, to, "") == ACCEPTED
            bare = re.sub(rb"(?mi)^(?:Auto-Submitted|X-Auto-Response-Suppress):.*\r\n", b"", letter.raw)
            if not to.startswith("confirm+"):  # whose holder has used it
                assert town.send(bare, to, person) == ACCEPTED
    assert_silent(town, person, but=len(letters))
    assert not [one for one in town.sink.received if one.recipient.endswith(f"@{DOMAIN}")]


def test_1_a_return_path_answers_nothing_whatever_comes(town: Gateway) -> None:
    person = "full@family.test"
    assert town.write(person, town.ours("help")) == ACCEPTED
    (letter,) = town.await_mail(person, 1)
    for sender in ("", person):
        for headers in ({}, {"Content-Type": "multipart/report; boundary=b"}):
            raw = compose(person, letter.sender, "Undelivered", "550 no such user\n", headers)
            assert town.send(raw, letter.sender, sender) == ACCEPTED
    assert_silent(town, person, but=1)


def assert_silent(town: Gateway, address: str, but: int = 0) -> None:
    """Letters go out in order: when a later one is there, no earlier one is to come."""
    after = f"after-{time.time_ns()}@family.test"
    assert town.write(after, town.ours("help")) == ACCEPTED
    town.await_mail(after, 1)
    assert len(town.arrived(address)) == but


# --- two gateways -------------------------------------------------------------------------------

ELSEWHERE = "anzen.other.example"
SILENCE = 5.0 if THOROUGH else 0.7  # seconds without any mail
SAYS_SO = re.compile(rb"(?mi)^(?:Auto-Submitted|X-Auto-Response-Suppress|List-[a-z-]+|Precedence):.*\r\n")


class Post:
    """What carries mail between two gateways; `worn` drops every header that says who wrote it."""

    def __init__(self, one: Gateway, other: Gateway, *, worn: bool) -> None:
        self._ways = ((one, other, f"@{ELSEWHERE}"), (other, one, f"@{DOMAIN}"))
        self._worn = worn
        self._done = [0, 0]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.carried = 0
        self._last = time.monotonic() + 2.0  # the first letter takes its time

    def __enter__(self) -> "Post":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def await_silence(self) -> None:
        """Returns when nothing has been carried for a while; a loop that does not end is an error."""
        until(lambda: time.monotonic() - self._last > SILENCE, "the end of a loop", 30)

    def _run(self) -> None:
        while not self._over.wait(0.02):
            for number, (source, target, domain) in enumerate(self._ways):
                waiting = source.sink.received[self._done[number] :]
                self._done[number] += len(waiting)
                for one in waiting:
                    if one.recipient.endswith(domain):
                        self.carried, self._last = self.carried + 1, time.monotonic()
                        raw = SAYS_SO.sub(b"", one.message) if self._worn else one.message
                        target.send(raw, one.recipient, one.sender)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, town: Gateway) -> Iterator[tuple[Gateway, Gateway]]:
    with ExitStack() as stack:
        yield town, starter(stack, tmp_path_factory.mktemp("elsewhere"))(gateway={"domain": ELSEWHERE})


def test_6_two_gateways_that_are_set_on_each_other_fall_silent_at_once(pair: tuple[Gateway, Gateway]) -> None:
    one, other = pair
    with Post(one, other, worn=False) as post:
        for local in OPEN:
            for remote in OPEN:
                forged = f"{remote}@{ELSEWHERE}"
                assert one.write(forged, one.ours(local), "地区：浜手\n同意：はい\n")[0] == 250
        post.await_silence()
    assert post.carried == 4 * len(OPEN)  # one's letters, as 3.6 allows; the other writes none
    assert not [letter for letter in other.sink.received if letter.recipient.endswith(DOMAIN)]


def test_3_6_where_nothing_tells_them_that_it_is_a_gateway_the_limits_end_it(pair: tuple[Gateway, Gateway]) -> None:
    one, other = pair
    with Post(one, other, worn=True) as post:
        assert other.write(f"subscribe@{DOMAIN}", f"subscribe@{ELSEWHERE}", "") == ACCEPTED
        assert other.write(f"help@{DOMAIN}", f"help@{ELSEWHERE}", "") == ACCEPTED
        post.await_silence()
    assert post.carried < 100


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("within_the_hour")
def test_3_6_the_fourth_letter_of_a_day_says_that_it_is_the_last_and_a_restart_forgets_nothing(gateway: Start) -> None:
    running, person = gateway(), "often@family.test"
    for number, local in enumerate(("help", "status", "subscribe", "change"), start=1):
        assert running.write(person, running.ours(local)) == ACCEPTED
        letter = running.await_mail(person, number)[-1]
        assert ("これが最後" in letter.text) is (number == 4)
    for local in OPEN:
        assert running.write(person, running.ours(local)) == ACCEPTED
    assert_silent(running, person, but=4)
    assert running.stop() == 0
    running.start()
    for local in OPEN:
        assert running.write(person, running.ours(local)) == ACCEPTED
    assert_silent(running, person, but=4)
    # A token still proves its holder, and is answered.
    assert running.reply(running.arrived(person)[2], "1") == ACCEPTED
    assert "登録が完了" in running.await_mail(person, 5)[4].subject


@pytest.mark.usefixtures("within_the_hour")
def test_3_6_a_network_that_asks_too_often_is_put_off_and_others_are_served(gateway: Start) -> None:
    running = gateway(listener={"trusted_relays": []})
    crowd = [f"crowd{number}@family{number}.test" for number in range(21)]
    answers = [write_from(running, f"127.0.1.{number + 1}", person) for number, person in enumerate(crowd)]
    assert answers[:20] == [250] * 20
    assert answers[20] == 451
    assert write_from(running, "127.0.2.1", "other@family.test") == 250
    running.await_mail("other@family.test", 1)
    assert running.arrived(crowd[20]) == []
    assert len(running.sink.received) == 21


def write_from(running: Gateway, host: str, person: str) -> int:
    """A mail that comes in from that address of the loopback net."""
    with smtplib.SMTP("127.0.0.1", running.port, "mail.example", source_address=(host, 0)) as client:
        raw = compose(person, running.ours("subscribe"), "", "")
        try:
            return 250 if client.sendmail(person, [running.ours("subscribe")], raw) == {} else 0
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code


@pytest.mark.usefixtures("within_the_hour")
@pytest.mark.timeout(900)
def test_3_6_a_victim_of_forged_mails_gets_four_letters(town: Gateway) -> None:
    victim = "victim@forged.test"
    many = 10_000 if THOROUGH else 200
    with serving(town) as send:
        for number in range(many):
            to = town.ours(OPEN[number % len(OPEN)])
            text = "地区：浜手\n同意：はい\n" if number % 2 else ""
            sender = f"attacker{number}@evil{number % 50}.test"
            assert send(compose(victim, to, f"{number}", text, message_id=f"<{number}@evil.test>"), to, sender) == 250
    assert_silent(town, victim, but=4)


@contextmanager
def serving(town: Gateway) -> Iterator[Callable[[bytes, str, str], int]]:
    """Sends over one connection after the other, each for as many mails as are allowed."""
    client, used = smtplib.SMTP("127.0.0.1", town.port, "mail.example"), 0

    def send(raw: bytes, to: str, sender: str) -> int:
        nonlocal client, used
        used += 1
        if used % 20 == 0:
            client.quit()
            client = smtplib.SMTP("127.0.0.1", town.port, "mail.example")
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        client.rcpt(to)
        return client.data(raw)[0]

    yield send
    client.quit()


@pytest.mark.usefixtures("within_the_hour")
def test_3_6_a_proven_author_is_not_counted_and_needs_no_confirmation_to_leave(gateway: Start) -> None:
    key, person = new_key(selector="s1"), "proven@signed.test"
    records = {"s1._domainkey.signed.test": [key.txt_record], "_dmarc.signed.test": ["v=DMARC1; p=none"]}
    running = gateway(records=records)
    for number in range(1, 7):
        raw = staff_mail(key.private_pem, "signed.test", "s1", person, running.ours("help"), f"{number}", "")
        assert running.send(raw, running.ours("help"), person) == ACCEPTED
        assert "これが最後" not in running.await_mail(person, number)[-1].text
    raw = staff_mail(key.private_pem, "signed.test", "s1", person, running.ours("unsubscribe"), "", "")
    assert running.send(raw, running.ours("unsubscribe"), person) == ACCEPTED
    assert "解除しました" in running.await_mail(person, 7)[-1].subject
    forged = compose(person, running.ours("unsubscribe"), "", "")
    assert running.send(forged, running.ours("unsubscribe"), person) == ACCEPTED
    assert "返信してください" in running.await_mail(person, 8)[-1].subject


# --- tokens -------------------------------------------------------------------------------------


def test_1_2_a_guessed_token_is_refused_before_the_mail_and_guessing_ends_the_connection(town: Gateway) -> None:
    with smtplib.SMTP("127.0.0.1", town.port, "mail.example") as client:
        client.ehlo()
        client.mail("x@family.test")
        answers: list[tuple[int, bytes]] = []
        while not answers or answers[-1][0] == 550:
            guess = base64.b32encode(os.urandom(16)).decode().rstrip("=").lower()
            local = ("confirm", "form", "leave", "bounce")[len(answers) % 4]
            answers.append(client.rcpt(f"{local}+{guess}@{DOMAIN}"))
    assert set(answers[:-1]) == {(550, b"5.1.1 no such address here")}
    assert answers[-1][0] == 421
    assert len(answers) <= 200


def test_1_2_a_token_of_one_kind_is_none_of_another(town: Gateway) -> None:
    person = "kinds@family.test"
    assert town.write(person, town.ours("subscribe")) == ACCEPTED
    form = town.await_mail(person, 1)[0]
    token = re.search(rf"form\+({TOKEN})", str(form.mail["From"]))
    assert token is not None
    for local in ("confirm", "leave", "bounce"):
        assert town.write(person, f"{local}+{token[1]}@{DOMAIN}")[0] == 550


def test_1_3_a_token_acts_for_its_own_address_whatever_from_says(town: Gateway) -> None:
    holder, thief = "holder@family.test", "thief@family.test"
    text = "地区：浜手\n同意：はい\n"
    assert town.write(holder, town.ours("subscribe"), text) == ACCEPTED
    (letter,) = town.await_mail(holder, 1)
    to = str(letter.mail["Reply-To"]).rpartition("<")[2].rstrip(">")
    headers = {"Reply-To": thief, "Sender": thief, "Return-Path": thief, "Errors-To": thief}
    assert town.send(compose(thief, to, "x", "はい", headers), to, thief) == ACCEPTED
    assert "登録が完了" in town.await_mail(holder, 2)[1].subject
    assert_silent(town, thief)
    # And a letter to a stranger goes to From, never to Reply-To.
    assert town.send(compose(holder, town.ours("help"), "x", "", headers), town.ours("help"), thief) == ACCEPTED
    town.await_mail(holder, 3)
    assert_silent(town, thief)


def test_1_2_a_used_token_is_answered_with_the_next_step_to_its_holder_only(town: Gateway) -> None:
    person = "twice@family.test"
    town.subscribe(person, "浜手")
    letter = town.arrived(person)[0]
    to = str(letter.mail["Reply-To"]).rpartition("<")[2].rstrip(">")
    assert town.write("nosy@family.test", to, "はい") == ACCEPTED
    over = town.await_mail(person, 3)[2]
    assert "何もする必要はありません" in over.text
    assert_silent(town, "nosy@family.test")


# --- nobody learns who is registered ------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "text"), [("unsubscribe", ""), ("status", ""), ("change", "地区：山手"), ("help", "")]
)
def test_4_3_what_is_answered_does_not_tell_who_is_registered(town: Gateway, local: str, text: str) -> None:
    known, stranger = f"is-here-{local}@family.test", f"is-not-{local}@family.test"
    town.subscribe(known, "浜手")
    letters = []
    for person, number in ((known, 3), (stranger, 1)):
        assert town.write(person, town.ours(local), text) == ACCEPTED
        letters.append(town.await_mail(person, number)[-1])
    assert letters[0].text == letters[1].text
    assert letters[0].subject == letters[1].subject
    assert [letter.mail.keys() for letter in letters] == [letters[0].mail.keys()] * 2


TRIALS = 1_000 if THOROUGH else 300
MOST_APART = 0.002  # seconds between the means
LEAST_CHANCE = 0.01


@pytest.mark.timeout(600)
def test_4_3_answers_tell_a_registered_address_from_another_neither_by_words_nor_by_time(gateway: Start) -> None:
    running = gateway(limits={"answer_floor_milliseconds": 20, "letters_an_hour": 100_000,
                              "letters_per_domain_an_hour": 100_000})  # fmt: skip
    known = registered(running, TRIALS)
    for attempt in range(2):  # chance alone fails one run in a hundred
        half = slice(attempt * TRIALS // 2, (attempt + 1) * TRIALS // 2)
        strangers = [person.replace("known", f"stranger{attempt}-") for person in known[half]]
        times: tuple[list[float], list[float]] = ([], [])
        with smtplib.SMTP("127.0.0.1", running.port, "mail.example") as warm:
            warm.noop()
        for pair in zip(known[half], strangers, strict=True):
            order = (0, 1) if hash(pair[0]) % 2 else (1, 0)
            for which in order:
                times[which].append(asked(running, pair[which]))
        apart, chance = abs(mean(times[0]) - mean(times[1])), mann_whitney(*times)
        if apart < MOST_APART and chance > LEAST_CHANCE:
            break
    else:
        raise AssertionError(f"{apart * 1000:.2f} ms apart, p = {chance:.4f}")
    until(lambda: len(running.sink.received) >= TRIALS, "all letters", 60)
    assert {len(running.arrived(person)) for person in (known[0], strangers[0])} <= {0, 1}
    words = {Arrived.of(one).text for one in running.sink.received}
    assert len(words) == 1


def registered(running: Gateway, count: int) -> list[str]:
    """So many residents, as if they had registered."""
    people = [f"known{number}@family.test" for number in range(count)]
    assert running.stop() == 0
    loaded = load(running.config)
    store, now = app.open_store(loaded), datetime.now(UTC)
    terms = loaded.town.terms
    consent = Consent(version=terms.version, digest=terms.digest, at=now, way="reply")
    changes = [
        SaveSubscription(year=this_year(), address=Address(person), districts=frozenset({"hama"}), consent=consent)
        for person in people
    ]
    store.write(now, lambda transaction: transaction.apply(changes, (), (), None)).result()
    store.close()
    running.start()
    return people


def asked(running: Gateway, person: str) -> float:
    """Seconds from the end of a mail to unsubscribe@ until its answer."""
    with smtplib.SMTP("127.0.0.1", running.port, "mail.example") as client:
        client.ehlo()
        client.mail(person)
        client.rcpt(running.ours("unsubscribe"))
        raw = compose(person, running.ours("unsubscribe"), "", "")
        started = time.perf_counter()
        answer = client.data(raw)
        took = time.perf_counter() - started
    assert answer == (250, b"2.0.0 accepted")
    return took


def mean(times: Sequence[float]) -> float:
    """Without the slowest tenth, in which other work of this machine was in the way."""
    return statistics.fmean(sorted(times)[: len(times) * 9 // 10])


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The chance of ranks as far apart as these where both are of one kind (normal approximation)."""
    ranked = sorted((value, which) for which, values in enumerate((one, other)) for value in values)
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, start=1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    deviation = math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(u - n * m / 2) / deviation / math.sqrt(2))


def test_the_statistic_would_notice_a_difference() -> None:
    one = [20 + number * 0.77 % 5 for number in range(150)]
    assert mann_whitney(one, [value + 0.001 for value in one]) > 0.5
    assert mann_whitney(one, [value + 2 for value in one]) < LEAST_CHANCE
