"""The listener's certificate: a pair, private, in time, of our name (protocol 9 [listener]; M6, M11)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from gateway.checks.finding import Finding, failure, ok, trouble, warning
from gateway.checks.keys import on_loopback
from gateway.checks.permissions import NOT_FOR_ALL, exposed
from gateway.listener import CertificateError, load_certificate
from gateway.settings import Settings

NAME = "tls"
NOTICE = timedelta(days=21)


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    listener = settings.listener
    if listener.tls_certificate is None or listener.tls_key is None:
        yield _none(listener.host)
        return
    try:
        load_certificate(listener.tls_certificate, listener.tls_key)
        certificate = x509.load_pem_x509_certificates(listener.tls_certificate.read_bytes())[0]
    except (CertificateError, OSError, ValueError) as error:
        yield _unusable(error)
        return
    yield from exposed(NAME, _real(listener.tls_key), NOT_FOR_ALL)
    yield _in_time(certificate, now)
    yield _named(certificate, settings.gateway.domain)


def _none(host: str) -> Finding:
    if on_loopback(host):
        return ok(NAME, "証明書なし(この機械からのみ受信) / no certificate; only this machine is listened to")
    return warning(
        NAME,
        "暗号化なしで外部から受信します / mail from outside comes in without TLS",
        "[listener] tls_certificate と tls_key を設定する / set tls_certificate and tls_key",
    )


def _unusable(error: Exception) -> Finding:
    if isinstance(error, CertificateError):
        return trouble(NAME, "証明書が使えません", error)
    return failure(
        NAME,
        f"証明書が読めません / the certificate cannot be parsed ({type(error).__name__})",
        "PEM 形式の証明書を置き直す / put a certificate in PEM there",
    )


def _real(path: Path) -> Path:
    """Certificate tools keep links to the newest; the file behind the link is what others could read."""
    return path.resolve()


def _in_time(certificate: x509.Certificate, now: datetime) -> Finding:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    end = f"{ends:%Y-%m-%d}"
    renew = "証明書を更新し、mimamori serve に SIGHUP を / renew it, then send SIGHUP to mimamori serve"
    if now >= ends:
        return failure(NAME, f"証明書は {end} に切れました / the certificate expired on {end}", renew)
    if now < begins:
        return failure(NAME, f"証明書は {begins:%Y-%m-%d} からです / the certificate is not valid yet", renew)
    if ends - now <= NOTICE:
        return warning(NAME, f"証明書は {end} に切れます / the certificate expires on {end}", renew)
    return ok(NAME, f"証明書は {end} まで有効です / the certificate is valid until {end}")


def _named(certificate: x509.Certificate, domain: str) -> Finding:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        known = []
    # RFC 6125 section 6.4.3: an asterisk stands for the leftmost label, and for one only.
    if {domain, "*." + domain.partition(".")[2]} & set(known):
        return ok(NAME, f"証明書は {domain} のものです / the certificate names {domain}")
    return warning(
        NAME,
        f"証明書に {domain} がありません / the certificate does not name {domain}",
        "MX の名前と同じか確かめる / see that it names the host of the MX record",
    )
