"""`mimamori dns`: the records that the gateway's domain needs, ready to be copied into its zone (protocol 8)."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from gateway.checks.signature import published_record
from gateway.commands import showing
from gateway.config import load
from gateway.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, and what it is for."""

    name: str
    type: str
    value: str
    purpose: str


def run(arguments: argparse.Namespace) -> int:
    found = list(records(load(arguments.config)))
    if arguments.json:
        showing.as_json([asdict(record) for record in found])
        return 0
    for record in found:
        print(f"; {record.purpose}")
        print(f"{record.name}.\tIN\t{record.type}\t{zone_form(record)}")
    print("; MAILHOST は受信サーバの名前に置きかえる / put the name of your mail server in place of MAILHOST")
    return 0


def records(settings: Settings) -> Iterator[Record]:
    domain = settings.gateway.domain
    yield Record(name=domain, type="MX", value="10 MAILHOST.", purpose="受信先 / where mail for the gateway comes in")
    yield Record(
        name=domain, type="TXT", value="v=spf1 mx -all", purpose="SPF: 送信元はこのサーバだけ / only this server sends"
    )
    relay = settings.relay
    if relay.dkim_key is not None:
        name = f"{relay.dkim_selector}._domainkey.{domain}"
        yield Record(name=name, type="TXT", value=published_record(relay.dkim_key), purpose="DKIM: 署名の鍵 / our key")
    yield Record(
        name=f"_dmarc.{domain}",
        type="TXT",
        value="v=DMARC1; p=reject; adkim=s; aspf=s",
        purpose="DMARC: なりすましは拒否 / whoever pretends to be us is refused",
    )
    yield Record(
        name=f"_smtp._tls.{domain}",
        type="TXT",
        value=f"v=TLSRPTv1; rua=mailto:postmaster@{domain}",
        purpose="TLS-RPT: 暗号化できなかった配送の知らせ / reports of deliveries without TLS",
    )


def zone_form(record: Record) -> str:
    """As a zone file has it: a text of more than 255 octets in pieces (RFC 1035, 3.3)."""
    if record.type != "TXT":
        return record.value
    pieces = [record.value[at : at + 255] for at in range(0, len(record.value), 255)]
    return " ".join(f'"{piece}"' for piece in pieces)
