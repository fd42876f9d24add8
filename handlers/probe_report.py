"""The report of a self-test, in both languages (protocol 5.11). Of the mail, it names domain and key only."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from handlers.coverage import CHECKS, NEEDED, WANTED, Check, Coverage
from handlers.fields import NAMES
from handlers.texts import probe_en, probe_ja
from handlers.town import Language, Town
from handlers.wording import TEXTS, Text


class Texts(Protocol):
    """What a language has to have for the report."""

    SUBJECT: str
    GOOD: str
    BAD: str
    BODY: str
    CHECKS: dict[str, str]
    PASSED: str
    FAILED: str
    UNREACHED: str
    BETWEEN: str
    FACTS: str
    NO_FACTS: str
    UNKNOWN: str
    NONE: str
    THERE: str
    NOT_THERE: str
    KEY: dict[str, str]
    HEADERS_SIGNED: str
    HEADERS_UNSIGNED: str
    HTML_ONLY: str
    ADVICE: str
    TO_ADMINISTRATOR: str
    SENTENCES: dict[str, str]
    CAUSES: dict[str, str]


REPORTS: Mapping[Language, Texts] = {"ja": probe_ja, "en": probe_en}
SPELLED = {"message-id": "Message-ID", "mime-version": "MIME-Version", "content-type": "Content-Type"}
# Of a failed check, what the IT section is asked for; the first that failed decides.
ASKED: Mapping[Check, str] = {
    "signature": "sign",
    "domain": "sign",
    "coverage": "cover",
    "key": "key",
    "proof": "altered",
    "time": "clock",
    "octets": "form",
    "content": "form",
}


def report(language: Language, town: Town, coverage: Coverage, domain: str) -> Text:
    """The whole letter: the language of the mail first, and then the other one."""
    other: Language = "en" if language == "ja" else "ja"
    texts, result = REPORTS[language], _result(REPORTS[language], coverage)
    signature = TEXTS[language].SIGNATURE.format(organisation=town.organisation, contact=town.contact).rstrip()
    parts = (_body(REPORTS[each], coverage, domain) for each in (language, other))
    return Text(
        subject=texts.SUBJECT.format(organisation=town.organisation, result=result),
        body="\n\n----------\n\n".join(parts) + f"\n\n{signature}\n",
    )


def _result(texts: Texts, coverage: Coverage) -> str:
    return texts.BAD if coverage.objections else texts.GOOD


def _body(texts: Texts, coverage: Coverage, domain: str) -> str:
    html = texts.HTML_ONLY if coverage.html_only else ""
    return texts.BODY.format(
        result=_result(texts, coverage),
        checks="\n".join(_checks(texts, coverage)),
        facts=_facts(texts, coverage),
        headers=_headers(texts, coverage),
        advice=html + _advice(texts, coverage, domain),
    ).strip()


def _checks(texts: Texts, coverage: Coverage) -> Iterator[str]:
    for check in CHECKS:
        named = texts.CHECKS[check]
        if check in coverage.failed:
            said = [texts.CAUSES[each.cause] for each in coverage.objections if each.check == check]
            yield texts.FAILED.format(check=named, causes=texts.BETWEEN.join(said))
        else:
            yield (texts.UNREACHED if check in coverage.unreached else texts.PASSED).format(check=named)


def _facts(texts: Texts, coverage: Coverage) -> str:
    if coverage.signer != "own":
        return texts.NO_FACTS
    key = coverage.key
    shown = [name for name in WANTED if name in coverage.covered]
    hidden = [name for name in WANTED if name not in coverage.covered]
    return texts.FACTS.format(
        domain=coverage.domain,
        selector=coverage.selector or texts.UNKNOWN,
        key=texts.KEY[key.algorithm].format(bits=key.bits) if key else texts.UNKNOWN,
        timed=texts.THERE if coverage.timed else texts.NOT_THERE,
        expires=texts.THERE if coverage.expires else texts.NOT_THERE,
        covered=_spelled(shown) or texts.NONE,
        uncovered=_spelled(hidden) or texts.NONE,
    )


def _headers(texts: Texts, coverage: Coverage) -> str:
    """5.2  Lines always count; a header only where h= names it."""
    signed = [f"X-{name}" for name in NAMES if f"x-{name.lower()}" in coverage.covered]
    if coverage.proven and signed:
        return texts.HEADERS_SIGNED.format(names=", ".join(signed))
    return texts.HEADERS_UNSIGNED


def _advice(texts: Texts, coverage: Coverage, domain: str) -> str:
    name = asked(coverage)
    if name is None:
        return ""
    missing = [name for name in (*NEEDED, "content-type") if name not in coverage.covered]
    selector = coverage.selector or "(s=)"
    sentence = texts.SENTENCES[name].format(domain=domain, selector=selector, missing=_spelled(missing) or "h=")
    return (texts.TO_ADMINISTRATOR if name == "pinned" else texts.ADVICE).format(sentence=sentence)


def asked(coverage: Coverage) -> str | None:
    """Which sentence the IT section should get; None where all is well."""
    if coverage.signer in ("google", "microsoft"):
        return coverage.signer
    if "content-not-covered" in coverage.causes:
        return "cover"
    if "not-pinned" in coverage.causes:
        return "pinned"
    for check, sentence in ASKED.items():
        if check in coverage.failed:
            return sentence
    return "cover" if coverage.signer == "own" and "content-type" not in coverage.covered else None


def _spelled(names: list[str]) -> str:
    return ", ".join(SPELLED.get(name, name.title()) for name in names)
