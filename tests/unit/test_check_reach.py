"""`mimamori check` on certificate, next hop, name servers and our DKIM key (protocol 9)."""

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.checks import certificate, name_servers, next_hop, signature, web
from gateway.checks.finding import Finding, Status
from gateway.config import load
from gateway.settings import Settings
from tests.e2e.town import DOMAIN, merged, settings, write_settings
from tests.fakes.dns import DnsServer
from tests.fakes.signer import new_key
from tests.fakes.sink import Sink

NOW = datetime.now(UTC)
OK, WARNING, FAILURE = Status.OK, Status.WARNING, Status.FAILURE


def configured(folder: Path, *, smarthost: str = "maildir:var/outbox", **sections: Any) -> Settings:
    return load(write_settings(folder / "town", merged(settings(smarthost, pinned=False), sections)))


def statuses(findings: list[Finding]) -> list[Status]:
    return [finding.status for finding in findings]


# --- certificate --------------------------------------------------------------------------------


def with_certificate(folder: Path, *names: str, **life: datetime) -> Settings:
    issued = trustme.CA().issue_cert(*names or (DOMAIN,), **life)
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    (folder / "key.pem").chmod(0o600)
    return configured(folder, listener={"tls_certificate": f"{folder}/cert.pem", "tls_key": f"{folder}/key.pem"})


def look_at_certificate(town: Settings) -> list[Finding]:
    return list(certificate.look(town, NOW))


def test_a_good_certificate_is_in_order(tmp_path: Path) -> None:
    assert statuses(look_at_certificate(with_certificate(tmp_path))) == [OK, OK]


def test_no_certificate_is_right_on_loopback_only(tmp_path: Path) -> None:
    town = configured(tmp_path)
    assert statuses(look_at_certificate(town)) == [OK]
    outside = replace(town, listener=replace(town.listener, host="0.0.0.0"))
    assert statuses(look_at_certificate(outside)) == [WARNING]


@pytest.mark.parametrize(("days", "status"), [(-1, FAILURE), (20, WARNING), (22, OK)])
def test_the_end_of_a_certificate_is_announced_three_weeks_before(tmp_path: Path, days: int, status: Status) -> None:
    town = with_certificate(
        tmp_path, not_before=NOW - timedelta(days=90), not_after=NOW + timedelta(days=days, minutes=1)
    )
    assert look_at_certificate(town)[0].status is status


def test_a_certificate_of_the_future_fails(tmp_path: Path) -> None:
    town = with_certificate(tmp_path, not_before=NOW + timedelta(days=1), not_after=NOW + timedelta(days=90))
    assert look_at_certificate(town)[0].status is FAILURE


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (DOMAIN, OK),
        ("*." + DOMAIN.partition(".")[2], OK),
        ("*." + DOMAIN, WARNING),
        ("mx.elsewhere.example", WARNING),
    ],
)
def test_a_certificate_of_another_name_is_a_warning(tmp_path: Path, name: str, status: Status) -> None:
    assert look_at_certificate(with_certificate(tmp_path, name))[1].status is status


def test_certificate_and_key_of_two_pairs_fail(tmp_path: Path) -> None:
    town = with_certificate(tmp_path)
    trustme.CA().issue_cert(DOMAIN).private_key_pem.write_to_path(tmp_path / "key.pem")
    (found,) = look_at_certificate(town)
    assert found.status is FAILURE
    assert "tls_key" in found.remedy


def test_a_certificate_that_is_gone_fails(tmp_path: Path) -> None:
    town = with_certificate(tmp_path)
    (tmp_path / "cert.pem").unlink()
    assert statuses(look_at_certificate(town)) == [FAILURE]


@pytest.mark.parametrize(("mode", "failures"), [(0o600, 0), (0o640, 0), (0o644, 1)])
def test_the_key_of_a_certificate_may_be_read_by_a_group_and_not_by_all(
    tmp_path: Path, mode: int, failures: int
) -> None:
    town = with_certificate(tmp_path)
    (tmp_path / "key.pem").chmod(mode)
    assert statuses(look_at_certificate(town)).count(FAILURE) == failures


# --- next hop -----------------------------------------------------------------------------------


def look_at_next_hop(town: Settings) -> list[Finding]:
    return list(next_hop.look(town, NOW))


def test_a_smarthost_is_measured_and_gets_no_mail(tmp_path: Path) -> None:
    with Sink() as sink:
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=sink.url))
    assert found.status is OK
    assert "PIPELINING" in found.message
    assert " ms" in found.message
    assert sink.commands["MAIL"] == 0
    assert not sink.violations


def test_a_smarthost_without_pipelining_is_a_warning(tmp_path: Path) -> None:
    with Sink(pipelining=False) as sink:
        found = look_at_next_hop(configured(tmp_path, smarthost=sink.url))
    assert statuses(found) == [OK, WARNING]
    assert "connections" in found[1].remedy


def test_a_smarthost_that_is_down_fails_with_a_remedy(tmp_path: Path) -> None:
    with Sink() as sink:
        url = sink.url
    (found,) = look_at_next_hop(configured(tmp_path, smarthost=url))
    assert found.status is FAILURE
    assert "check [relay] smarthost" in found.remedy


def test_a_smarthost_that_does_not_let_us_in_fails(tmp_path: Path) -> None:
    with Sink(rule=lambda stage, about, n: "554 5.7.1 no" if stage == "connect" else None) as sink:
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=sink.url))
    assert found.status is FAILURE
    assert found.remedy


def test_a_smarthost_that_says_nothing_fails_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=url))
    assert found.status is FAILURE
    assert time.monotonic() - begun < 5.0


def test_a_wrong_password_fails_and_is_not_shown(tmp_path: Path) -> None:
    login = {"username": "warden", "password": "hushhush"}
    with Sink(users={"warden": "another"}) as sink:
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=sink.url, relay=login))
    assert found.status is FAILURE
    assert "password" in found.remedy
    assert "hushhush" not in repr(found)


def test_a_missing_starttls_that_is_required_fails(tmp_path: Path) -> None:
    with Sink() as sink:
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=sink.url, relay={"starttls": "require"}))
    assert found.status is FAILURE


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_starttls_is_said_to_be_offered(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with Sink(certificate=tls) as sink:
        (found,) = look_at_next_hop(configured(tmp_path, smarthost=sink.url))
    assert found.status is OK
    assert "STARTTLS" in found.message


def test_tls_from_the_start_is_spoken_where_the_scheme_says_so(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with Sink(certificate=tls, implicit_tls=True) as sink:
        assert statuses(look_at_next_hop(configured(tmp_path, smarthost=sink.url))) == [OK]


def test_addresses_in_the_open_to_another_host_are_a_warning(tmp_path: Path) -> None:
    impression = next_hop.Impression(offers={"PIPELINING": ""}, round_trip=0.01)
    town = configured(tmp_path)
    judged = list(next_hop.judged(impression, town, encrypted=False, near=False))
    assert statuses(judged) == [OK, WARNING]
    assert statuses(list(next_hop.judged(impression, town, encrypted=True, near=False))) == [OK]
    assert statuses(list(next_hop.judged(impression, town, encrypted=False, near=True))) == [OK]


def test_a_maildir_that_can_be_made_or_written_to_is_in_order(tmp_path: Path) -> None:
    town = configured(tmp_path)
    assert statuses(look_at_next_hop(town)) == [OK]
    assert not (town.path.parent / "var").exists()
    (town.path.parent / "var" / "outbox" / "new").mkdir(parents=True)
    assert statuses(look_at_next_hop(town)) == [OK]


def test_a_file_in_place_of_the_maildir_fails(tmp_path: Path) -> None:
    town = configured(tmp_path)
    (town.path.parent / "var").mkdir()
    (town.path.parent / "var" / "outbox").touch()
    assert statuses(look_at_next_hop(town)) == [FAILURE]


# --- name servers -------------------------------------------------------------------------------


@pytest.fixture
def name_server() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


def asking(folder: Path, *servers: str, **sections: Any) -> Settings:
    return configured(folder, dns={"nameservers": list(servers)}, **sections)


def test_each_name_server_is_asked_about_every_staff_domain(tmp_path: Path, name_server: DnsServer) -> None:
    town = asking(tmp_path, name_server.address)
    assert statuses(list(name_servers.look(town, NOW))) == [OK]
    domains = {member.address.domain for member in town.town.staff}
    assert set(name_server.queries) == {f"_dmarc.{domain}" for domain in domains}


def test_a_name_server_without_answers_is_a_warning_and_the_others_are_still_asked(
    tmp_path: Path, name_server: DnsServer
) -> None:
    with DnsServer() as gone:
        silent = gone.address
    found = list(name_servers.look(asking(tmp_path, silent, name_server.address), NOW))
    assert statuses(found) == [WARNING, OK]
    assert silent in found[0].message


def test_a_staff_domain_without_an_answer_is_named(tmp_path: Path, name_server: DnsServer) -> None:
    town = asking(tmp_path, name_server.address)
    domain = town.town.staff[0].address.domain
    name_server.trouble.add(f"_dmarc.{domain}")
    (found,) = name_servers.look(town, NOW)
    assert found.status is WARNING
    assert domain in found.message
    assert town.town.staff[0].address.wire not in found.message


# --- our DKIM key -------------------------------------------------------------------------------

NAME = f"s1._domainkey.{DOMAIN}"


def signing(folder: Path, server: DnsServer, pem: bytes) -> Settings:
    (folder / "dkim.pem").write_bytes(pem)
    (folder / "dkim.pem").chmod(0o600)
    return asking(folder, server.address, relay={"dkim_selector": "s1", "dkim_key": f"{folder}/dkim.pem"})


def look_at_signature(town: Settings) -> list[Finding]:
    return list(signature.look(town, NOW))


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_published_key_is_ours(tmp_path: Path, name_server: DnsServer, kind: Any) -> None:
    key = new_key(kind)
    name_server.records[NAME] = [key.txt_record]
    assert statuses(look_at_signature(signing(tmp_path, name_server, key.private_pem))) == [OK]


def test_a_key_published_in_its_bare_form_is_ours_as_well(tmp_path: Path, name_server: DnsServer) -> None:
    key = new_key()
    public = serialization.load_pem_private_key(key.private_pem, None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    name_server.records[NAME] = ["v=DKIM1; p=" + "".join(pem.splitlines()[1:-1])]
    assert statuses(look_at_signature(signing(tmp_path, name_server, key.private_pem))) == [OK]


@pytest.mark.parametrize("record", [None, "other", "v=DKIM1; p=", "v=DKIM1; p=!!", "no tags at all"])
def test_a_key_that_is_not_the_published_one_fails_with_the_record_to_publish(
    tmp_path: Path, name_server: DnsServer, record: str | None
) -> None:
    key = new_key("ed25519")
    if record is not None:
        name_server.records[NAME] = [new_key("ed25519").txt_record if record == "other" else record]
    (found,) = look_at_signature(signing(tmp_path, name_server, key.private_pem))
    assert found.status is FAILURE
    assert f'{NAME} TXT "{key.txt_record}"' in found.remedy


def test_a_key_that_cannot_be_looked_up_is_a_warning(tmp_path: Path, name_server: DnsServer) -> None:
    name_server.trouble.add(NAME)
    assert statuses(look_at_signature(signing(tmp_path, name_server, new_key("ed25519").private_pem))) == [WARNING]


def test_a_key_that_cannot_sign_fails_and_is_not_shown(tmp_path: Path, name_server: DnsServer) -> None:
    (found,) = look_at_signature(signing(tmp_path, name_server, b"hushhush"))
    assert found.status is FAILURE
    assert "hushhush" not in repr(found)


def test_a_key_that_is_gone_or_open_to_all_fails(tmp_path: Path, name_server: DnsServer) -> None:
    key = new_key("ed25519")
    name_server.records[NAME] = [key.txt_record]
    town = signing(tmp_path, name_server, key.private_pem)
    (tmp_path / "dkim.pem").chmod(0o644)
    assert statuses(look_at_signature(town)) == [FAILURE, OK]
    (tmp_path / "dkim.pem").unlink()
    assert statuses(look_at_signature(town)) == [FAILURE]


def test_without_a_key_the_smarthost_may_sign(tmp_path: Path) -> None:
    assert statuses(look_at_signature(configured(tmp_path))) == [OK]


# --- web endpoint -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({}, [OK]),
        ({"web": {"listen": "127.0.0.1:8080"}}, [OK]),
        ({"web": {"listen": "0.0.0.0:8080"}}, [WARNING, OK]),
        ({"web": {"listen": "127.0.0.1:8080", "base_url": "https://m.example"}}, [WARNING, OK]),
    ],
)
def test_the_endpoint_should_be_encrypted_and_its_links_signed(
    tmp_path: Path, sections: dict[str, Any], expected: list[Status]
) -> None:
    assert statuses(list(web.look(configured(tmp_path, **sections), NOW))) == expected
