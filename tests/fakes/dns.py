"""Name servers that say what a test wants: one in memory, and one on a UDP port of the loopback interface."""

import math
import socket
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Literal, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from gateway.authentication.resolver import LookupTrouble

Records = Mapping[str, Sequence[str]]


class FakeResolver:
    """Answers TXT, A, AAAA and MX look-ups from dicts, and remembers what it was asked in `queries`."""

    def __init__(
        self,
        records: Records | None = None,
        trouble: Collection[str] = (),
        *,
        hosts: Records | None = None,
        exchanges: Records | None = None,
    ) -> None:
        self.records = _copied(records)
        self.hosts = _copied(hosts)
        self.mail_hosts = _copied(exchanges)
        self.trouble = {_canonical(name) for name in trouble}
        self.queries: list[str] = []
        self.last_answer = -math.inf

    async def txt(self, name: str) -> list[bytes]:
        return [text.encode() for text in self._found(self.records, name)]

    async def addresses(self, name: str, version: Literal[4, 6]) -> list[str]:
        return [host for host in self._found(self.hosts, name) if (":" in host) == (version == 6)]

    async def exchanges(self, name: str) -> list[str]:
        return list(self._found(self.mail_hosts, name))

    def _found(self, records: Records, name: str) -> Sequence[str]:
        self.queries.append(_canonical(name))
        if _canonical(name) in self.trouble:
            raise LookupTrouble(f"{name}: no name server answers; try again later")
        self.last_answer = time.monotonic()
        return records.get(_canonical(name), ())


class DnsServer:
    """A name server on `address` ("127.0.0.1:port") as long as the `with` block runs.

    `records` are TXT records, `hosts` addresses of both kinds, `exchanges` who takes the mail of a domain. Names in
    `trouble` get SERVFAIL, names that are nowhere NXDOMAIN. All may be changed while it runs.
    """

    def __init__(
        self,
        records: Records | None = None,
        trouble: Collection[str] = (),
        *,
        hosts: Records | None = None,
        exchanges: Records | None = None,
    ) -> None:
        self.records = _copied(records)
        self.hosts = _copied(hosts)
        self.exchanges = _copied(exchanges)
        self.trouble = {_canonical(name) for name in trouble}
        self.queries: list[str] = []

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                wire, peer = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(wire), peer)

    def _answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = _canonical(question.name.to_text())
        self.queries.append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.trouble:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif not any(name in known for known in (self.records, self.hosts, self.exchanges)):
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found := self._records(name, question.rdtype):
            response.answer.append(dns.rrset.from_rdata_list(question.name, 60, found))
        return response.to_wire(max_size=65_535)

    def _records(self, name: str, kind: dns.rdatatype.RdataType) -> list[dns.rdata.Rdata]:
        match kind:
            case dns.rdatatype.TXT:
                texts = self.records.get(name, ())
                return [TXT(dns.rdataclass.IN, kind, _pieces(text.encode())) for text in texts]
            case dns.rdatatype.MX:
                lines = [f"{place} {host}." for place, host in enumerate(self.exchanges.get(name, ()))]
            case _:
                wanted = {dns.rdatatype.A: ".", dns.rdatatype.AAAA: ":"}.get(kind, "none")
                lines = [host for host in self.hosts.get(name, ()) if wanted in host]
        return [dns.rdata.from_text(dns.rdataclass.IN, kind, line) for line in lines]


def _pieces(text: bytes) -> list[bytes]:
    return [text[start : start + 255] for start in range(0, len(text), 255)] or [b""]


def _copied(records: Records | None) -> dict[str, list[str]]:
    return {_canonical(name): list(values) for name, values in (records or {}).items()}


def _canonical(name: str) -> str:
    return name.rstrip(".").lower()
