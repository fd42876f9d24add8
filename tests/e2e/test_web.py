"""One-click unsubscribe over HTTP, health and figures, with a whole gateway (protocol 4.5, 10.1, 10.2)."""

import itertools
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from tests.e2e.conftest import Start, starter
from tests.e2e.town import Gateway, alert, counted, until
from tests.e2e.website import BASE, FORM, ONE_CLICK, Website, free_port

STORM = "地区：浜手\n区分：台風\n\n午後から雨と風が強くなります。\n"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site() -> Website:
    return Website(free_port())


@pytest.fixture(scope="module")
def town(site: Website, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ExitStack() as stack:
        limits = {"web_requests_per_network_a_minute": 1_000_000, "alerts_per_author_an_hour": 1_000}
        yield starter(stack, tmp_path_factory.mktemp("web"))(web=site.settings, limits=limits)


def page_of(town: Gateway, site: Website, resident: str) -> str:
    """The path by which a resident may leave, out of a copy that they got."""
    town.subscribe(resident, "浜手")
    copies = len(town.copies(resident))
    assert town.post(alert(STORM))[0] == 250
    return site.path(town.await_copies(resident, copies + 1)[-1].leave_page)


def registered(town: Gateway) -> int:
    active = town.json("subscribers", "count")["active"]
    assert isinstance(active, int)
    return active


# --- RFC 8058 -----------------------------------------------------------------------------------


def test_4_5_the_copies_name_the_page_and_say_that_one_click_is_enough(town: Gateway, site: Website) -> None:
    resident = "header@family.test"
    page_of(town, site, resident)
    copy = town.copies(resident)[-1]
    assert copy.leave_page.startswith(f"{BASE}/leave/")
    assert copy.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert copy.leave.partition("+")[2].partition("@")[0] == copy.leave_page.rpartition("/")[2]


def test_4_5_one_click_leaves_at_once_and_the_goodbye_comes(town: Gateway, site: Website) -> None:
    resident = "click@family.test"
    path, before, seen = page_of(town, site, resident), registered(town), town.audit.last
    assert site.click(path).status == 200
    assert registered(town) == before - counted(1)["active"]  # type: ignore[operator]
    town.await_mail(resident, len(town.arrived(resident)))
    assert town.audit.wait_for("unsubscribe:done", seen)["subject"].startswith("r-")
    until(lambda: not town.arrived(resident)[-1].is_copy, "the goodbye")


@pytest.mark.parametrize("boundary", ["----x1", "=_y"])
def test_4_5_the_other_form_of_rfc_8058_leaves_as_well(town: Gateway, site: Website, boundary: str) -> None:
    resident = f"parts{len(boundary)}@family.test"
    path, before = page_of(town, site, resident), registered(town)
    part = 'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click'
    body = f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n"
    assert site.ask("POST", path, body, {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}).status == 200
    assert registered(town) < before


def test_4_5_curl_leaves_as_the_standard_shows_it(town: Gateway, site: Website) -> None:
    path, before = page_of(town, site, "curl@family.test"), registered(town)
    words = ["curl", "-sS", "-f", "-o", "/dev/null", "-w", "%{http_code}", "-d", ONE_CLICK, f"{site.url}{path}"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (0, "200"), ended.stderr
    assert registered(town) < before


def test_4_5_a_scanner_that_follows_every_link_unsubscribes_nobody(town: Gateway, site: Website) -> None:
    path, before, entries = page_of(town, site, "scanned@family.test"), registered(town), town.audit.last
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        for query in ("", "?List-Unsubscribe=One-Click", "?confirm=1"):
            answer = site.ask(method, path + query)
            assert answer.status == (200 if method in ("GET", "HEAD") else 405)
    assert site.ask("GET", path, ONE_CLICK, FORM).status == 200
    assert registered(town) == before
    assert {entry["event"] for entry in town.audit.entries[entries:]} <= {"alert:relayed"}  # of the copy


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("", FORM),
        ("List-Unsubscribe=one-click", FORM),
        ("List-Unsubscribe=One-Click&List-Unsubscribe=No", FORM),
        ("Unsubscribe=One-Click", FORM),
        (ONE_CLICK, {"Content-Type": "text/plain"}),
        (ONE_CLICK, {"Content-Type": "multipart/form-data"}),
        ('{"List-Unsubscribe": "One-Click"}', {"Content-Type": "application/json"}),
    ],
)
def test_4_5_any_other_post_changes_nothing_and_shows_the_button(
    town: Gateway, site: Website, body: str, headers: dict[str, str]
) -> None:
    path = page_of(town, site, f"other{next(_numbers)}@family.test")
    before = registered(town)
    answer = site.ask("POST", path, body, headers)
    assert (answer.status, registered(town)) == (400, before)
    assert "<button" in answer.text


def test_4_5_a_second_click_is_harmless_and_looks_like_the_first(town: Gateway, site: Website) -> None:
    resident = "twice@family.test"
    path = page_of(town, site, resident)
    before_leaving = site.get(path)
    first, second = site.click(path), site.click(path)
    assert first == second
    assert site.get(path).text == before_leaving.text
    town.subscribe(resident, "山手")  # the old token does not fetch the new registration
    before = registered(town)
    assert site.click(path).status == 200
    assert registered(town) == before


# --- nothing is told ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_4_5_a_token_that_we_never_made_gets_a_page_that_tells_nothing(
    town: Gateway, site: Website, method: str
) -> None:
    genuine = page_of(town, site, "genuine@family.test").rpartition("/")[2]
    bounce = town.copies("genuine@family.test")[-1].sender.partition("+")[2].partition("@")[0]
    strange = [genuine[:-4] + "aaaa", genuine.upper(), bounce, "a", "a" * 5_000, "%61", "", "../healthz", f"{genuine}/"]
    answers = [site.ask(method, f"/leave/{token}", ONE_CLICK, FORM) for token in strange]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_4_5_every_answer_forbids_keeping_framing_and_fetching(town: Gateway, site: Website) -> None:
    path = page_of(town, site, "strict@family.test")
    for answer in (site.get(path), site.get("/leave/a"), site.click(path), site.get("/"), site.get("/healthz")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not {"set-cookie", "server"} & answer.headers.keys()


def test_4_5_the_page_is_whole_without_scripts_and_without_anything_from_elsewhere(
    town: Gateway, site: Website
) -> None:
    text = site.get(page_of(town, site, "whole@family.test")).text
    assert not re.search(r"<script|<img|<link|<iframe|\bsrc=|\bon\w+=|url\(|@import|https?:", text)
    assert text.count("<button") == 1
    assert text.index("登録をやめる <") < text.index("Unsubscribe</span>")
    assert 'name="viewport"' in text


def test_4_5_no_path_of_the_endpoint_shows_a_token_or_an_address_in_a_log(town: Gateway, site: Website) -> None:
    path = page_of(town, site, "silent@family.test")
    site.click(path)
    site.raw(b"GET " + path.encode() + b" HTTP/9.9\r\n\r\n")
    logged = town.log.read_text()
    assert path.rpartition("/")[2] not in logged
    assert "silent@family.test" not in logged


# --- health and figures -------------------------------------------------------------------------


def test_10_1_health_is_a_line_for_each_part(town: Gateway, site: Website) -> None:
    answer = site.get("/healthz")
    assert (answer.status, answer.text) == (200, "database: ok\nkeys: ok\nnext-hop: ok\nalerts: ok\n")


def test_10_1_without_a_next_hop_health_is_503(gateway: Start) -> None:
    site = Website(free_port())
    gateway(web=site.settings, relay={"smarthost": f"smtp://127.0.0.1:{free_port()}"})
    answer = site.get("/healthz")
    assert (answer.status, answer.text) == (503, "database: ok\nkeys: ok\nnext-hop: failing\nalerts: ok\n")


def test_10_1_without_its_keys_health_is_503(gateway: Start) -> None:
    site = Website(free_port())
    running = gateway(web=site.settings)
    running.subscribe("kept@family.test", "浜手")  # a year that has rows gets no other key
    for key in Path(running.config.parent / "keys").glob("[0-9]*.key"):
        key.rename(key.with_suffix(".away"))
    answer = site.get("/healthz")
    assert answer.status == 503
    assert "keys: failing" in answer.text


def test_10_2_the_figures_are_totals_and_name_nobody_and_no_district(town: Gateway, site: Website) -> None:
    page_of(town, site, "figure@family.test")
    until(lambda: 'mimamori_alerts{state="relayed"}' in site.get("/metrics").text, "a relayed alert in the figures")
    text = site.get("/metrics").text
    assert re.search(r"^mimamori_copies_total\{result=\"relayed\"\} [1-9]", text, re.MULTILINE)
    assert re.search(r'^mimamori_healthy\{part="database"\} 1\.0$', text, re.MULTILINE)
    for word in ("family.test", "hama", "yama", "浜手", "storm", "board", "@"):
        assert word not in text


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "192.0.2.7"},
        {"X_Forwarded_For": "127.0.0.1, 192.0.2.7"},
        {"X_Forwarded_For": "192.0.2.7, 127.0.0.1"},
        {"X_Forwarded_For": "nonsense"},
        {"Via": "1.1 proxy"},
        {"Forwarded": "for=127.0.0.1"},
    ],
)
def test_10_2_what_came_through_a_proxy_may_not_read_the_figures(
    town: Gateway, site: Website, headers: dict[str, str]
) -> None:
    assert site.get("/metrics", **headers).status == 404
    assert site.get("/metrics").status == 200


# --- limits -------------------------------------------------------------------------------------


def test_4_5_a_network_that_asks_too_often_is_told_to_wait_and_audited_in_sum(gateway: Start) -> None:
    site = Website(free_port())
    running = gateway(web=site.settings, limits={"web_requests_per_network_a_minute": 3})
    asked = [site.get("/healthz", X_Forwarded_For=f"192.0.2.{n}").status for n in range(9)]
    assert asked.count(429) >= 3  # a minute may turn over once
    assert site.get("/healthz", X_Forwarded_For="198.51.100.1").status == 200
    assert running.stop() == 0
    (entry,) = [entry for entry in running.audit.entries if entry["event"] == "web:refused"]
    assert entry["detail"] == {"network": "192.0.2.0/24", "count": asked.count(429)}


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"POST /leave/a HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + b"a" * 90_000, b"413"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"HEAD /leave/a HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + b"a" * 90_000, b"413"),
    ],
)  # fmt: skip
def test_4_5_what_is_no_request_is_refused_and_the_next_one_is_served(
    town: Gateway, site: Website, octets: bytes, status: bytes
) -> None:
    said = site.raw(octets)
    assert said.startswith(b"HTTP/1.1 " + status), said[:200]
    assert site.get("/healthz").status == 200


def test_4_5_two_requests_in_one_connection_get_one_answer(town: Gateway, site: Website) -> None:
    said = site.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in said.lower()


# --- TLS of its own -----------------------------------------------------------------------------


def test_10_with_tls_the_certificate_is_that_of_the_listener_and_sighup_reads_it_again(
    gateway: Start, tmp_path: Path
) -> None:
    site, authority = Website(free_port()), trustme.CA()
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def issue() -> int:
        issued = authority.issue_cert("127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        return x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number

    def served() -> int:
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        with (
            socket.create_connection(("127.0.0.1", site.port), timeout=10) as plug,
            trust.wrap_socket(plug, server_hostname="127.0.0.1") as wire,
        ):
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.recv(15) == b"HTTP/1.1 200 \r\n"
            return x509.load_der_x509_certificate(wire.getpeercert(binary_form=True) or b"").serial_number

    first = issue()
    listener = {"tls_certificate": str(certificate), "tls_key": str(key)}
    running = gateway(web={**site.settings, "tls": True}, listener=listener)
    assert served() == first
    second = issue()
    running.process.send_signal(signal.SIGHUP)
    until(lambda: served() == second, "the new certificate")
    certificate.write_text("nonsense")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: "the old certificate stays in use" in running.log.read_text(), "a word in the log")
    assert served() == second
