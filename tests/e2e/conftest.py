"""Fixtures of the tests that run whole gateways: `gateway(...)` starts one, and its end is a clean SIGTERM."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.town import Gateway, merged, settings, write_settings
from tests.fakes.dns import DnsServer, Records
from tests.fakes.sink import Rule, Sink

Start = Callable[..., Gateway]
OF_A_MODULE = {"town", "story"}  # fixtures that one gateway serves to many tests


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a gateway go to one worker; all others may go anywhere."""
    for item in items:
        if OF_A_MODULE & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Start]:
    """Starts a gateway of the port town.

    `pinned` False leaves the keys of staff to the name server, which knows `records` and is in `trouble` about some;
    sections of the configuration may be given.
    """
    with ExitStack() as stack:
        yield starter(stack, tmp_path)


def starter(stack: ExitStack, folder: Path) -> Start:
    def start(
        *,
        pinned: bool = True,
        records: Records | None = None,
        trouble: Collection[str] = (),
        rule: Rule | None = None,
        **sections: Any,
    ) -> Gateway:
        sink = stack.enter_context(Sink(rule=rule))
        dns = stack.enter_context(DnsServer(records, trouble))
        chosen = settings(sink.url, nameserver=dns.address, pinned=pinned)
        running = Gateway(write_settings(folder / "town", merged(chosen, sections)), sink, dns)
        running.start()
        stack.callback(end, running)
        return running

    return start


def end(running: Gateway) -> None:
    """Whatever a test did, the server is gone afterwards; one that still runs ends well at SIGTERM."""
    alive = running.process.poll() is None
    try:
        code = running.stop()
    finally:
        running.process.kill()
    assert not alive or code == 0, running.log.read_text()
    assert not running.sink.violations
