"""The web endpoint, as residents and their mail programs will meet it (protocol 4.5, 10). It opens nothing."""

from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec

from gateway.checks.finding import Finding, failure, ok, warning
from gateway.checks.keys import on_loopback
from gateway.settings import Settings

NAME = "web"
PACKAGES = ("h11", "prometheus_client")


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    web = settings.web
    if web.listen is None:
        yield ok(NAME, "使いません([web] listen が空) / off")
        return
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        yield failure(
            NAME,
            f"{'、'.join(missing)} がありません / a package is missing",
            "mimamori[web] を入れる / install the extra mimamori[web]",
        )
        return
    if not web.tls and not on_loopback(web.listen.host):
        yield warning(
            NAME,
            f"{web.listen} は暗号化なしで外から届きます / the endpoint is reached from outside without TLS",
            "tls = true にするか、この機械の中継からだけ届くように / set tls = true, or listen for a proxy here only",
        )
    if web.base_url and not settings.relay.dkim_selector:
        yield warning(
            NAME,
            "署名がなく、ワンクリック解除を示さないメールソフトがあります / RFC 8058 wants a DKIM signature",
            "[relay] dkim_selector と dkim_key を設定する / set dkim_selector and dkim_key of [relay]",
        )
    yield ok(NAME, f"{web.listen} で待ち受けます / the endpoint listens there")
