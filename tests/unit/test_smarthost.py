"""The connection to a smarthost, against a sink that answers as told: every copy gets exactly its own answer."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.relay.handover import (
    BAD_ADDRESS,
    BAD_LINES,
    NOT_TRIED,
    SENDER_REFUSED,
    UNKNOWN,
    Copy,
    Handover,
    Unreachable,
)
from gateway.relay.nexthop import next_hop
from gateway.relay.smarthost import Login, Smarthost
from gateway.relay_settings import RelaySettings
from tests.fakes.sink import DROP, Rule, Sink, Stage, rules

SENDER = "bounce+x@alerts.example.jp"
KEPT = Handover(250, "2.0.0")
MESSAGE = b"Subject: hello\r\n\r\n.\r\n..line\r\nend\r\n"
FAR = "127.1"  # the resolver takes it for 127.0.0.1, but it is not a name of this host
LOGIN = Login("gateway", "s3cret")


def copies(*recipients: str, message: bytes = MESSAGE) -> list[Copy]:
    return [Copy(SENDER, recipient, message) for recipient in recipients]


def run(scene: Callable[[Sink], Coroutine[Any, Any, None]], sink: Sink) -> None:
    async def play() -> None:
        async with sink:
            await scene(sink)

    asyncio.run(play())


def hop(sink: Sink, **changes: Any) -> Smarthost:
    usual: dict[str, Any] = {"host": "127.0.0.1", "port": sink.port, "implicit_tls": sink.implicit_tls, "timeout": 5.0}
    return Smarthost(**usual | changes)


def answers(sink: Sink, given: list[Copy], *, orderly: bool = True, **changes: Any) -> list[Handover]:
    """One send() over a connection of its own, and QUIT. `orderly`: the sink has nothing to complain of."""
    found: list[Handover] = []

    async def scene(sink: Sink) -> None:
        smarthost = hop(sink, **changes)
        found.extend(await smarthost.send(given))
        await smarthost.close()

    run(scene, sink)
    assert not orderly or sink.violations == []
    return found


def at_stage(wanted: Stage, about: str, reply: str) -> Rule:
    return lambda stage, whom, _n: reply if (stage, whom) == (wanted, about) else None


@pytest.fixture(params=[True, False], ids=["pipelined", "lock-step"])
def pipelining(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# --- the ordinary way ---


def test_copies_arrive_unchanged_in_their_order_over_one_connection(pipelining: bool) -> None:
    sink = Sink(pipelining=pipelining)
    given = copies(*(f"r{number}@town.example" for number in range(60)))
    assert answers(sink, given) == [KEPT] * 60
    assert sink.recipients == [copy.recipient for copy in given]
    assert {(one.sender, one.message) for one in sink.received} == {(SENDER, MESSAGE)}
    assert (sink.connections, sink.commands["RSET"], sink.commands["QUIT"]) == (1, 0, 1)


def test_a_connection_is_kept_between_sends(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        for number in range(5):
            assert await smarthost.send(copies(f"r{number}@town.example")) == [KEPT]
        await smarthost.close()
        assert await smarthost.send(copies("again@town.example")) == [KEPT]
        await smarthost.close()
        assert sink.connections == 2

    run(scene, Sink(pipelining=pipelining))


@pytest.mark.parametrize(
    ("message", "arrives"),
    [
        (b".", b".\r\n"),
        (b"..\r\n.\r\n", b"..\r\n.\r\n"),
        (b"\r\n.\r\n\r\n", b"\r\n.\r\n\r\n"),
        (b"", b"\r\n"),
        (b"no end", b"no end\r\n"),
        (b"x" * 300_000 + b"\r\n.\r\n", b"x" * 300_000 + b"\r\n.\r\n"),
    ],
)
def test_dots_are_stuffed_and_the_last_line_is_ended(pipelining: bool, message: bytes, arrives: bytes) -> None:
    sink = Sink(pipelining=pipelining)
    assert answers(sink, copies("a@town.example", "b@town.example", message=message)) == [KEPT, KEPT]
    assert [one.message for one in sink.received] == [arrives, arrives]


def test_a_null_sender_and_a_quoted_local_part_go_out_as_they_are(pipelining: bool) -> None:
    sink = Sink(pipelining=pipelining)
    assert answers(sink, [Copy("", '"a..b."@docomo.example', MESSAGE)]) == [KEPT]
    assert (sink.received[0].sender, sink.recipients) == ("", ['"a..b."@docomo.example'])


def test_two_sends_at_once_take_turns(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        batches = [copies(*(f"r{number}x{turn}@town.example" for number in range(9))) for turn in range(4)]
        assert await asyncio.gather(*map(smarthost.send, batches)) == [[KEPT] * 9] * 4
        await smarthost.close()
        assert (sink.connections, sink.violations) == (1, [])

    run(scene, Sink(pipelining=pipelining))


# --- refusals ---


@pytest.mark.parametrize(
    ("stage", "about"),
    [("mail", "two"), ("rcpt", "b@town.example"), ("data", "b@town.example"), ("dot", "b@town.example")],
)
@pytest.mark.parametrize("reply", ["550 5.1.1 <b@town.example> is gone", "451-4.3.0 not\r\n451 4.3.0 now", "552 full"])
def test_a_refused_copy_gets_its_answer_and_the_others_are_kept(
    pipelining: bool, stage: Stage, about: str, reply: str
) -> None:
    given = copies("a@town.example", "b@town.example", "c@town.example", "d@town.example")
    given[1] = Copy("two@alerts.example.jp", "b@town.example", MESSAGE)
    about = "two@alerts.example.jp" if about == "two" else about
    sink = Sink(pipelining=pipelining, rule=at_stage(stage, about, reply))
    enhanced = {"5": "5.1.1", "4": "4.3.0"}[reply[0]] if "." in reply else ""
    refused = Handover(int(reply[:3]), enhanced)
    if stage == "mail" and refused.code >= 500:  # about us, and not about b: it is tried again
        refused = SENDER_REFUSED
    assert answers(sink, given) == [KEPT, refused, KEPT, KEPT]
    assert sink.recipients == ["a@town.example", "c@town.example", "d@town.example"]


def test_each_of_several_refused_in_a_row_gets_its_own_answer(pipelining: bool) -> None:
    def rule(stage: Stage, about: str, _n: int) -> str | None:
        number = int(about[1:].partition("@")[0]) if about.startswith("r") else 0
        return f"55{number % 3} 5.1.{number} no" if stage == "rcpt" and number % 5 else None

    sink = Sink(pipelining=pipelining, rule=rule)
    given = copies(*(f"r{number}@town.example" for number in range(1, 26)))
    wanted = [Handover(550 + number % 3, f"5.1.{number}") if number % 5 else KEPT for number in range(1, 26)]
    assert answers(sink, given) == wanted


def test_after_354_without_a_recipient_a_lone_dot_is_sent() -> None:
    def rule(stage: Stage, about: str, _n: int) -> str | None:
        if stage == "rcpt" and about in ("a@town.example", "c@town.example"):
            return "550 5.1.1 no"
        return "354 go ahead" if (stage, about) == ("data", "") else None

    sink = Sink(rule=rule)
    gone = Handover(550, "5.1.1")
    given = copies("a@town.example", "b@town.example", "c@town.example")
    assert answers(sink, given) == [gone, KEPT, gone]
    assert sink.recipients == ["b@town.example"]


def test_an_enhanced_code_of_another_class_than_the_reply_is_dropped() -> None:
    sink = Sink(rule=at_stage("rcpt", "a@town.example", "550 2.1.5 odd"))
    assert answers(sink, copies("a@town.example")) == [Handover(550)]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "a@b.example\r\nRCPT TO:<x@y.example>",
            "a@b.example\n",
            "a@b.example\rX",
            "a\0@b.example",
            "a\x7f@b.example",
        ),
        *(
            "a@b.example> SIZE=1",
            "a b@c.example",
            "<a@b.example>",
            "日本@b.example",
            "a@日本.example",
            "a@",
            "@b",
            "a",
            "",
        ),
        "a" * 70 + "@b.example",
    ],
)
def test_an_address_that_could_smuggle_a_command_is_refused_here(pipelining: bool, address: str) -> None:
    sink = Sink(pipelining=pipelining)
    given = copies("a@town.example", address, "b@town.example")
    if address:  # an empty sender is the null reverse-path
        given.append(Copy(address, "c@town.example", MESSAGE))
    assert answers(sink, given) == [KEPT, BAD_ADDRESS, KEPT, BAD_ADDRESS][: len(given)]
    assert sink.recipients == ["a@town.example", "b@town.example"]


@pytest.mark.parametrize(
    "body", [b"a\n.\nMAIL FROM:<x@y.example>\r\n", b"a\r.\r", b"a\n.\r\n", b"a\r.\r\n", b"\r\n.\n"]
)
def test_a_message_with_a_bare_line_end_is_refused_here(pipelining: bool, body: bytes) -> None:
    sink = Sink(pipelining=pipelining)
    assert answers(sink, copies("a@town.example", message=body)) == [BAD_LINES]
    assert sink.connections == 0


def test_nothing_to_send_opens_no_connection() -> None:
    sink = Sink()
    assert answers(sink, []) == []
    assert sink.connections == 0


# --- trouble on the way ---


def test_a_connection_lost_behind_the_final_dot_leaves_that_copy_unknown_and_the_rest_untried(pipelining: bool) -> None:
    sink = Sink(pipelining=pipelining, rule=rules(["dot:c@*:*:DROP"]))
    given = copies("a@town.example", "b@town.example", "c@town.example", "d@town.example", "e@town.example")
    assert answers(sink, given) == [KEPT, KEPT, UNKNOWN, NOT_TRIED, NOT_TRIED]
    assert sink.recipients == ["a@town.example", "b@town.example"]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_lost_in_an_envelope_leaves_that_copy_untried(pipelining: bool, stage: Stage) -> None:
    count = 0

    def rule(at: Stage, _about: str, _n: int) -> str | None:
        nonlocal count
        count += at == stage
        return DROP if count == 3 else None

    given = copies("a@town.example", "b@town.example", "c@town.example", "d@town.example")
    assert answers(Sink(pipelining=pipelining, rule=rule), given) == [KEPT, KEPT, NOT_TRIED, NOT_TRIED]


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_a_421_is_the_answer_of_one_copy_and_the_rest_stay_untried(pipelining: bool, stage: Stage) -> None:
    sink = Sink(pipelining=pipelining, rule=rules([f"{stage}:b@*:*:421 4.3.2 going down"]))
    found = answers(sink, copies("a@town.example", "b@town.example", "c@town.example"))
    assert found[0] == KEPT
    assert found[1] in (Handover(421, "4.3.2"), NOT_TRIED)  # where the connection ends before the others' answers
    assert found[2] == NOT_TRIED
    assert not found[1].unknown


def test_after_trouble_the_next_send_opens_a_new_connection(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        assert await smarthost.send(copies("a@town.example")) == [UNKNOWN]
        assert await smarthost.send(copies("b@town.example")) == [KEPT]
        await smarthost.close()

    run(scene, Sink(pipelining=pipelining, rule=rules(["dot:a@*:*:DROP"])))


def test_a_kept_connection_that_the_server_has_closed_is_reopened_in_silence(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        for number in range(3):
            assert await smarthost.send(copies(f"r{number}@town.example")) == [KEPT]
            sink.hang_up()
            if number == 1:
                await asyncio.sleep(0.05)  # the end is seen before the next send; else only in it
        assert sink.connections == 3
        await smarthost.close()

    run(scene, Sink(pipelining=pipelining))


def test_a_kept_connection_that_answers_421_is_reopened_in_silence(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        assert await smarthost.send(copies("a@town.example")) == [KEPT]
        assert await smarthost.send(copies("b@town.example")) == [KEPT]
        await smarthost.close()
        assert (sink.connections, sink.recipients) == (2, ["a@town.example", "b@town.example"])

    run(scene, Sink(pipelining=pipelining, rule=rules([f"mail:{SENDER}:2:421 4.4.2 idle for too long"])))


def test_it_is_reopened_once_only(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        assert await smarthost.send(copies("a@town.example")) == [KEPT]
        assert await smarthost.send(copies("b@town.example")) == [NOT_TRIED]
        assert sink.connections == 2

    run(scene, Sink(pipelining=pipelining, rule=rules([f"mail:{SENDER}:2-9:DROP"])))


def test_an_answer_that_does_not_come_in_time_leaves_the_copy_unknown(pipelining: bool) -> None:
    sink = Sink(pipelining=pipelining, delay=0.8)
    assert answers(sink, copies("a@town.example", "b@town.example"), timeout=0.2) == [UNKNOWN, NOT_TRIED]


def test_the_time_allowed_is_that_of_one_answer_and_not_of_all(pipelining: bool) -> None:
    sink = Sink(pipelining=pipelining, delay=0.15)
    given = copies(*(f"r{number}@town.example" for number in range(5)))
    assert answers(sink, given, timeout=0.4) == [KEPT] * 5


def test_a_cancelled_send_leaves_no_half_spoken_connection(pipelining: bool) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = hop(sink)
        task = asyncio.create_task(smarthost.send(copies("a@town.example")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sink.delay = 0.0
        assert await smarthost.send(copies("b@town.example")) == [KEPT]
        await smarthost.close()
        assert sink.connections == 2

    run(scene, Sink(pipelining=pipelining, delay=1.0))


@pytest.mark.parametrize(
    "nonsense",
    [
        *(
            "25 ok",
            "999 ok",
            "hello",
            "250-two\r\n251 codes",
            "250ok",
            "\0",
            "250 o\0k",
            "250 o\rk",
            "",
            "200-" + "x" * 70_000,
        ),
        *("250 ok\r\n250 one\r\n250 too many\r\n250 by far", "354 not here", "150 nor this"),
    ],
)
def test_an_answer_that_makes_no_sense_ends_the_connection(pipelining: bool, nonsense: str) -> None:
    sink = Sink(pipelining=pipelining, rule=at_stage("dot", "b@town.example", nonsense or "\r\n"))
    given = copies("a@town.example", "b@town.example", "c@town.example", "d@town.example")
    # Who answers before anything was asked may see us go on before it has answered.
    found = answers(sink, given, orderly="too many" not in nonsense, timeout=0.5)
    assert found[0] == KEPT
    assert found[1] == UNKNOWN or found[1].accepted
    assert found[3] == NOT_TRIED


# --- the way in ---


def unreachable(sink: Sink, **changes: Any) -> str:
    with pytest.raises(Unreachable) as trouble:
        answers(sink, copies("a@town.example"), **changes)
    assert sink.received == []
    assert LOGIN.password not in str(trouble.value)
    assert "town.example" not in str(trouble.value)
    return str(trouble.value)


def test_a_smarthost_that_does_not_listen_is_unreachable() -> None:
    assert "check [relay] smarthost" in unreachable(Sink(), port=1)


@pytest.mark.parametrize(
    "rule", ["connect::1:554 5.7.1 not you", "connect::1:421 4.3.2 busy", "ehlo::1:550 5.7.1 no", "ehlo::1:DROP"]
)
def test_a_smarthost_that_lets_nobody_in_is_unreachable(rule: str) -> None:
    sink = Sink(rule=rules([rule]))
    assert str(sink.port) in (why := unreachable(sink)) or "port" in why


def test_a_smarthost_that_says_nothing_is_unreachable() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scene() -> None:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], timeout=0.1)
            with pytest.raises(Unreachable, match="no answer in time"):
                await smarthost.send(copies("a@town.example"))
            await asyncio.sleep(0.05)

    asyncio.run(scene())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", FAR).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.parametrize("starttls", ["may", "no"])
def test_starttls_is_used_when_offered_or_not_at_all(certificate: ssl.SSLContext, starttls: str) -> None:
    sink = Sink(certificate=certificate)
    assert answers(sink, copies("a@town.example", "b@town.example"), starttls=starttls) == [KEPT, KEPT]
    assert (sink.commands["STAR"], sink.commands["EHLO"]) == ((1, 2) if starttls == "may" else (0, 1))


@pytest.mark.usefixtures("trusted")
def test_required_starttls_wants_a_trusted_certificate_and_takes_it(certificate: ssl.SSLContext) -> None:
    assert answers(Sink(certificate=certificate), copies("a@town.example"), starttls="require") == [KEPT]


def test_required_starttls_refuses_a_certificate_that_nobody_vouches_for(certificate: ssl.SSLContext) -> None:
    assert "not trusted" in unreachable(Sink(certificate=certificate), starttls="require")


def test_required_starttls_refuses_a_server_without_it() -> None:
    assert "offers no STARTTLS" in unreachable(Sink(), starttls="require")


@pytest.mark.usefixtures("trusted")
def test_smtps_is_encrypted_from_the_start(certificate: ssl.SSLContext) -> None:
    sink = Sink(certificate=certificate, implicit_tls=True)
    assert answers(sink, copies("a@town.example"), host=FAR) == [KEPT]


def test_smtps_to_another_host_wants_a_trusted_certificate(certificate: ssl.SSLContext) -> None:
    assert "not trusted" in unreachable(Sink(certificate=certificate, implicit_tls=True), host=FAR)


def test_smtps_to_a_plain_port_says_so() -> None:
    assert "smtps:// is TLS from the start" in unreachable(Sink(), implicit_tls=True)


def test_what_was_said_before_tls_does_not_speak_for_the_server(certificate: ssl.SSLContext) -> None:
    async def injecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        await reader.readline()
        writer.write(b"250-here\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go ahead\r\n250-here\r\n250 AUTH PLAIN\r\n")
        await reader.read()
        writer.close()

    async def scene() -> None:
        async with await asyncio.start_server(injecting, "127.0.0.1", 0) as server:
            smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], timeout=5, login=LOGIN)
            with pytest.raises(Unreachable):
                await smarthost.send(copies("a@town.example"))
            await asyncio.sleep(0.05)

    asyncio.run(scene())


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.usefixtures("trusted")
def test_it_logs_in_over_tls(certificate: ssl.SSLContext, mechanism: str) -> None:
    sink = Sink(certificate=certificate, users={"gateway": "s3cret"}, auth=("CRAM-MD5", mechanism))
    assert answers(sink, copies("a@town.example"), host=FAR, login=LOGIN) == [KEPT]
    assert sink.commands["AUTH"] == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_on_this_host_it_logs_in_without_tls(mechanism: str) -> None:
    sink = Sink(users={"gateway": "s3cret"}, auth=(mechanism,))
    assert answers(sink, copies("a@town.example"), login=LOGIN) == [KEPT]


@pytest.mark.parametrize("starttls", ["may", "require", "no"])
def test_no_password_goes_to_another_host_in_the_open(starttls: str) -> None:
    sink = Sink(users={"gateway": "s3cret"})
    unreachable(sink, host=FAR, login=LOGIN, starttls=starttls)
    assert sink.commands["AUTH"] == 0


@pytest.mark.parametrize("implicit", [True, False])
def test_no_password_goes_to_another_host_that_nobody_vouches_for(certificate: ssl.SSLContext, implicit: bool) -> None:
    sink = Sink(users={"gateway": "s3cret"}, certificate=certificate, implicit_tls=implicit)
    assert "not trusted" in unreachable(sink, host=FAR, login=LOGIN)
    assert sink.commands["AUTH"] == 0


@pytest.mark.parametrize("auth", [("PLAIN",), ("LOGIN",), ("CRAM-MD5",)])
def test_a_login_that_fails_names_the_settings(auth: tuple[str, ...]) -> None:
    sink = Sink(users={"gateway": "other"}, auth=auth)
    assert "[relay] username and password" in unreachable(sink, login=LOGIN)


# --- what is shown, and the factory ---


def test_addresses_messages_and_passwords_are_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sink = Sink(rule=rules(["rcpt:*:*:550 5.1.1 <a@town.example> unknown"]), users={"gateway": "s3cret"})
    found = answers(sink, copies("a@town.example"), login=LOGIN)
    shown = f"{copies('a@town.example')} {LOGIN} {found} {caplog.text}"
    for secret in ("town.example", "alerts.example", "hello", "s3cret", "unknown@"):
        assert secret not in shown


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{port}", "smtp://localhost:{port}/"])
def test_the_factory_reaches_the_smarthost_of_the_settings(url: str) -> None:
    async def scene(sink: Sink) -> None:
        smarthost = next_hop(RelaySettings(smarthost=url.format(port=sink.port)), name="alerts.example.jp")
        assert await smarthost.send(copies("a@town.example")) == [KEPT]
        await smarthost.close()

    run(scene, Sink())


def test_the_factory_makes_a_maildir_and_takes_another_url_for_the_fallback(tmp_path: Path) -> None:
    settings = RelaySettings(smarthost="smtp://127.0.0.1:1", fallback=f"maildir:{tmp_path / 'box'}")
    assert asyncio.run(next_hop(settings, url=settings.fallback).send(copies("a@town.example"))) == [KEPT]
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1


@pytest.mark.parametrize(
    "url",
    [
        "maildir:",
        "http://a.example",
        "smtp://",
        "smtp://a.example:x",
        "smtp://a.example/b",
        "smtp://u:s3cret@a.example",
    ],
)
def test_the_factory_refuses_another_url_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\[relay\]") as refusal:
        next_hop(RelaySettings(), url=url)
    assert "s3cret" not in str(refusal.value)


def test_a_name_for_ehlo_that_is_no_host_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[gateway\] domain"):
        Smarthost(host="127.0.0.1", port=25, name="a\r\nMAIL FROM:<>")
