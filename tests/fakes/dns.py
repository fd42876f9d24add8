"""Name servers that say what a test wants: one in memory, and one on a UDP port of the loopback interface."""

import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from gateway.authentication.resolver import LookupTrouble

Records = Mapping[str, Sequence[str]]


class FakeResolver:
    """Answers TXT look-ups from a dict, and remembers what it was asked in `queries`."""

    def __init__(self, records: Records | None = None, trouble: Collection[str] = ()) -> None:
        self.records = {_canonical(name): list(texts) for name, texts in (records or {}).items()}
        self.trouble = {_canonical(name) for name in trouble}
        self.queries: list[str] = []

    async def txt(self, name: str) -> list[bytes]:
        self.queries.append(_canonical(name))
        if _canonical(name) in self.trouble:
            raise LookupTrouble(f"{name}: no name server answers; try again later")
        return [text.encode() for text in self.records.get(_canonical(name), ())]


class DnsServer:
    """A name server on `address` ("127.0.0.1:port") as long as the `with` block runs; it knows TXT records only.

    Names in `trouble` get SERVFAIL, names not in `records` NXDOMAIN. Both may be changed while it runs.
    """

    def __init__(self, records: Records | None = None, trouble: Collection[str] = ()) -> None:
        self.records = {_canonical(name): list(texts) for name, texts in (records or {}).items()}
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
        elif name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT and self.records[name]:
            response.answer.append(_record_set(question.name, self.records[name]))
        return response.to_wire(max_size=65_535)


def _record_set(name: dns.name.Name, texts: Sequence[str]) -> dns.rrset.RRset:
    records = [TXT(dns.rdataclass.IN, dns.rdatatype.TXT, _pieces(text.encode())) for text in texts]
    return dns.rrset.from_rdata_list(name, 60, records)


def _pieces(text: bytes) -> list[bytes]:
    return [text[start : start + 255] for start in range(0, len(text), 255)] or [b""]


def _canonical(name: str) -> str:
    return name.rstrip(".").lower()
