"""Mails made to cost much, at every address of staff, while residents register: nobody waits (protocol 5.1)."""

import base64
import os
import random
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.e2e.conftest import starter
from tests.e2e.town import BOARD, DOMAIN, SELECTOR, Gateway, alert, domain_of, key_name, key_of, settings
from tests.fakes.hostile import Author, families
from tests.fakes.signer import new_key

BUDGET = 1.0  # seconds of processor time for one mail
WAIT = 2.0  # seconds, for all but one in a hundred residents, on a machine that does nothing else
ROUNDS = 3  # of all families at all addresses
HELD = "地区：全域\n区分：迷子\n\n本日15時ごろ、駅前で男の子を保護しました。お心当たりの方は110番へお願いします。\n"
TICK = os.sysconf("SC_CLK_TCK")


def dear_key() -> str:
    """A record whose key of 2048 bits has an exponent as long: each use of it would be dear."""
    chance = random.Random(5)
    numbers = rsa.RSAPublicNumbers(e=chance.getrandbits(2047) | 1, n=chance.getrandbits(2047) | 1 << 2047 | 1)
    der = numbers.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    domain = domain_of(BOARD)
    records = {key_name(BOARD): [key_of(domain).txt_record], f"wide._domainkey.{domain}": [dear_key()]}
    categories = [{**each, "release": "author"} for each in settings("")["categories"]]
    with ExitStack() as stack:
        start = starter(stack, tmp_path_factory.mktemp("serve"))
        yield start(pinned=False, records=records, categories=categories, limits={"alerts_per_author_an_hour": 10_000})


@pytest.fixture(scope="module")
def addresses(town: Gateway) -> list[str]:
    """alert@, probe@, and a release address that is good."""
    assert town.post(alert(HELD))[0] == 250
    (preview,) = town.await_mail(BOARD, 1)
    release = str(preview.mail["From"]).rpartition("<")[2].rstrip(">")
    assert release.startswith("release+")
    return [town.ours("alert"), town.ours("probe"), release]


def hostile(right: bool) -> list[tuple[str, bytes]]:
    """Every family, as a colleague could sign it, or as a stranger."""
    key = key_of(domain_of(BOARD)) if right else new_key()
    by = Author(address=BOARD, to=f"alert@{DOMAIN}", key=key, selector=SELECTOR, now=datetime.now(UTC))
    return list(families(by))


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def numbered(raw: bytes, number: int) -> bytes:
    """No two are the same mail: one that was answered already would cost nothing."""
    return f"X-Number: {number}\r\n".encode() + raw


@pytest.mark.parametrize("right", [True, False], ids=["a colleague's", "a stranger's"])
def test_5_1_no_hostile_mail_costs_a_second_of_the_processor(town: Gateway, addresses: list[str], right: bool) -> None:
    dear = {}
    for number, (name, raw) in enumerate(hostile(right)):
        for address in addresses:
            before = processor_seconds(town.process.pid)
            code, _ = town.send(numbered(raw, number), address, BOARD)
            assert code in (250, 550, 552)
            spent = processor_seconds(town.process.pid) - before
            if spent >= BUDGET:
                dear[name, address.partition("@")[0][:7]] = spent
    assert dear == {}


def test_5_1_residents_register_without_waiting_while_hundreds_of_hostile_mails_come_in(
    town: Gateway, addresses: list[str]
) -> None:
    mails = [(raw, address) for _, raw in hostile(right=True) for address in addresses] * ROUNDS
    over, waits, refused = threading.Event(), list[float](), list[int]()

    def register() -> None:
        number = 0
        while not over.is_set():
            number += 1
            started = time.monotonic()
            code, _ = town.write(
                f"family{number}@home{number % 7}.test", town.ours("subscribe"), "地区：山手\n同意：はい\n"
            )
            waits.append(time.monotonic() - started)
            refused.extend([code] if code != 250 else [])
            over.wait(0.1)

    resident = threading.Thread(target=register)
    resident.start()
    try:
        with ThreadPoolExecutor(4) as senders:
            codes = list(
                senders.map(
                    lambda each: town.send(numbered(each[1][0], 1_000 + each[0]), each[1][1], BOARD)[0],
                    enumerate(mails),
                )
            )
    finally:
        over.set()
        resident.join()
    assert len(mails) >= 190
    assert set(codes) <= {250, 550, 552}
    assert refused == []
    assert len(waits) >= 20
    assert statistics.quantiles(waits, n=100)[-1] < WAIT
    assert not {"alert:accepted", "alert:released"} & {entry["event"] for entry in town.audit.entries}
