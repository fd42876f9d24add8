"""The door of a running gateway (protocol 8): who is let in, what is answered, and what happens where none runs."""

import socket
import stat
from pathlib import Path

import pytest

from gateway.administration import client, door
from gateway.administration.actions import ACTIONS
from gateway.administration.office import Refused
from gateway.config import load
from tests.e2e.conftest import Start


def test_8_the_socket_is_for_this_user_alone_and_goes_with_the_server(gateway: Start) -> None:
    running = gateway()
    place = door.place(load(running.config))
    assert stat.S_ISSOCK(place.stat().st_mode)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    running.stop()
    assert not place.exists()


def test_8_an_action_that_the_server_does_not_know_is_refused_with_the_remedy(gateway: Start) -> None:
    running = gateway()
    with pytest.raises(Refused, match="restart it"):
        client.administer(load(running.config), "no such action", {})


@pytest.mark.parametrize("nonsense", [b"\n", b"{\n", b"[]\n", b"\xff\xfe\n", b'{"action": 1}\n'])
def test_8_nonsense_ends_the_visit_and_not_the_server(gateway: Start, nonsense: bytes) -> None:
    running = gateway()
    with socket.socket(socket.AF_UNIX) as plug, door.short_name(door.place(load(running.config))) as name:
        plug.connect(name)
        plug.sendall(nonsense)
        plug.settimeout(10)
        plug.recv(1000)
    assert running.process.poll() is None


def test_8_where_no_server_runs_the_command_does_it_itself(gateway: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    running = gateway()

    def act(office: object, words: object, tell: object) -> dict[str, object]:
        return {"words": words}

    monkeypatch.setitem(ACTIONS, "say", act)  # this process knows it, the server does not
    running.stop()
    assert client.administer(load(running.config), "say", {"a": 1}) == {"words": {"a": 1}}


def test_8_the_socket_may_lie_deeper_than_a_socket_address_is_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 6)
    deep.mkdir(parents=True)
    with door.short_name(deep / "control.sock") as name:
        assert len(name) < 100
