"""Mail as the programs of residents write it: their charsets, their quoting, and all that they add unasked.

A `Program` makes the octets of one mail from what its user typed. No octet here comes from real mail.
"""

import base64
import html
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.e2e.town import Arrived

HANDY = "花子"  # stands in every display name and signature, and must never come back in a letter
WHEN = "Mon, 23 Nov 2026 12:40:07 +0900"

TALL = "髙"  # stands twice in Microsoft's charset, and only one of the places is written in mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody typed, and which letter of ours it answers."""

    author: str
    to: str
    text: str = ""
    subject: str = ""
    answers: Arrived | None = field(default=None, repr=False)
    below: bool = False  # typed under the quotation
    message_id: str = field(default_factory=lambda: f"<{os.urandom(8).hex()}@family.test>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A mail program with its habits."""

    charset: str
    encode: Callable[[str], bytes]
    form: Literal["plain", "flowed", "html", "alternative"] = "plain"
    transfer: Literal["7bit", "8bit", "base64"] = "8bit"
    prefix: str = "Re: "
    attribution: str = ""  # with {name}, {address} and {subject}
    mark: str = "> "  # before each quoted line; empty: the quotation is not marked at all
    ending: str = ""  # signature or advertisement, right below what was typed
    last: str = ""  # at the very end
    quotes: Callable[[str, str], str] | None = None  # how HTML encloses attribution and quotation
    headers: Mapping[str, str] = field(default_factory=dict)
    named: bool = True  # has its user's name in From

    @property
    def marks(self) -> bool:
        """Whether a reader can tell a quotation from what stands below it."""
        return bool(self.mark) and self.quotes is not outlook_block

    def mail(self, draft: Draft) -> bytes:
        """The octets that the program hands to its server."""
        text = self._plain(draft)
        content, body = self._content(text, draft)
        fields = {
            "From": f"{self._word(HANDY)} <{draft.author}>" if self.named else draft.author,
            "To": draft.to,
            "Subject": self._word(self._subject(draft)),
            "Date": WHEN,
            "Message-ID": draft.message_id,
            **self._references(draft),
            "MIME-Version": "1.0",
            **self.headers,
            **content,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        return self.encode(head) + b"\r\n" + body

    def _subject(self, draft: Draft) -> str:
        return draft.subject or (f"{self.prefix}{draft.answers.subject}" if draft.answers else "")

    def _references(self, draft: Draft) -> dict[str, str]:
        number = str(draft.answers.mail["Message-ID"]) if draft.answers else ""
        return {"In-Reply-To": number, "References": number} if number else {}

    def _word(self, text: str) -> str:
        """RFC 2047, in words short enough for a line."""
        if text.isascii() or not self.charset:
            return text
        words = (base64.b64encode(self.encode(text[at : at + 9])).decode() for at in range(0, len(text), 9))
        return "\r\n ".join(f"=?{self.charset}?B?{word}?=" for word in words)

    def _attribution(self, letter: Arrived) -> str:
        address = str(letter.mail["From"]).rpartition("<")[2].rstrip(">")
        return self.attribution.format(name="みなと市教育委員会", address=address, subject=letter.subject)

    def _plain(self, draft: Draft) -> str:
        typed = f"{draft.text}\n{self.ending}".strip("\n")
        if draft.answers is None:
            return f"{typed}\n{self.last}"
        letter = draft.answers
        quoted = "\n".join(f"{self.mark}{line}".rstrip() for line in letter.text.splitlines())
        quotation = f"{self._attribution(letter)}\n{quoted}".strip("\n")
        parts = (quotation, typed) if draft.below else (typed, quotation)
        return "\n\n".join(parts) + f"\n{self.last}"

    def _rich(self, draft: Draft) -> str:
        assert self.quotes is not None
        lines = f"{draft.text}\n{self.ending}".split("\n")
        typed = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in lines)
        quotation = ""
        if draft.answers is not None:
            attribution = "<br>".join(html.escape(line) for line in self._attribution(draft.answers).split("\n"))
            quotation = self.quotes(attribution, "<br>\n".join(map(html.escape, draft.answers.text.splitlines())))
        whole = f"{quotation}{typed}" if draft.below else f"{typed}{quotation}"
        return f'<html><head><meta http-equiv="Content-Type" content="text/html"><style>p {{margin:0}}</style></head>\
<body dir="auto">{whole}</body></html>\n'

    def _content(self, text: str, draft: Draft) -> tuple[dict[str, str], bytes]:
        if self.form in ("plain", "flowed"):
            return self._part(text, "text/plain", "; format=flowed" if self.form == "flowed" else "")
        if self.form == "html":
            return self._part(self._rich(draft), "text/html")
        boundary = "000000000000f2a9c0e1"
        body = b""
        for kind, words in (("text/plain", text), ("text/html", self._rich(draft))):
            content, octets = self._part(words, kind)
            head = "".join(f"{name}: {value}\r\n" for name, value in content.items())
            body += f"--{boundary}\r\n{head}\r\n".encode() + octets + b"\r\n"
        return {"Content-Type": f'multipart/alternative; boundary="{boundary}"'}, body + f"--{boundary}--\r\n".encode()

    def _part(self, text: str, kind: str, more: str = "") -> tuple[dict[str, str], bytes]:
        octets = self.encode(text.replace("\n", "\r\n"))
        if self.transfer == "base64":
            octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
        if not self.charset:  # as some old programs do: no word about it
            return {}, octets
        named = {"Content-Type": f'{kind}; charset="{self.charset}"{more}'}
        return named | {"Content-Transfer-Encoding": self.transfer}, octets


def utf_8(text: str) -> bytes:
    return text.encode()


def shift_jis(text: str) -> bytes:
    """As Windows writes it."""
    return text.encode("cp932")


def euc_jp(text: str) -> bytes:
    return text.encode("euc_jp")


def iso_2022_jp(text: str) -> bytes:
    """As telephones write it: with ①, ㈱ and 髙 in Microsoft's places, and half-width kana."""
    return b"".join(
        "".join(signs).encode("iso2022_jp_ext") if standard else b"".join(map(_microsoft, signs))
        for standard, signs in itertools.groupby(text, _is_standard)
    )


def _is_standard(sign: str) -> bool:
    return sign.encode("iso2022_jp_ext", "replace") != b"?" or sign == "?"


def _microsoft(sign: str) -> bytes:
    lead, trail = b"\xee\xe0" if sign == TALL else sign.encode("cp932")
    row = (lead - (0x71 if lead < 0xA0 else 0xB1)) * 2 + (1 if trail < 0x9F else 2)
    cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7F else 0x1F)
    return b"\x1b$B" + bytes((row, cell)) + b"\x1b(B"


def blockquote(attribution: str, lines: str) -> str:
    return f'<div class="quote"><div>{attribution}<br></div><blockquote type="cite">{lines}</blockquote></div>'


def gmail_quote(attribution: str, lines: str) -> str:
    style = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"
    return (
        f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{attribution}<br></div>'
        f'<blockquote class="gmail_quote" style="{style}">{lines}</blockquote></div>'
    )


def outlook_block(attribution: str, lines: str) -> str:
    """Nothing but a line drawn above it tells that this is another mail."""
    style = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0mm 0mm 0mm"
    return (
        f'<p class="MsoNormal"><span lang="EN-US"><o:p>&nbsp;</o:p></span></p><div style="{style}">'
        f'<p class="MsoNormal">{attribution}<o:p></o:p></p></div><p class="MsoNormal">{lines}<o:p></o:p></p>'
    )


OUTLOOK_JA = "差出人: {name} <{address}>\n送信日時: 2026年11月23日月曜日 12:34\n宛先: 花子\n件名: {subject}"

PROGRAMS: dict[str, Program] = {
    "Thunderbird": Program(
        charset="UTF-8",
        encode=utf_8,
        form="flowed",
        attribution="On 2026/11/23 12:34, {name} wrote:",
        last="-- \n花子\n浜手 1-2-3\n",
    ),
    "Thunderbird in Japanese": Program(
        charset="UTF-8",
        encode=utf_8,
        form="flowed",
        attribution="{name} さんは書きました (2026/11/23 12:34):",
        last="-- \n花子\n",
    ),
    "mutt": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        transfer="7bit",
        attribution="On Mon, Nov 23, 2026 at 12:34:56PM +0900, {name} wrote:",
        last="-- \n花子 <hanako@family.test> 山手",
    ),
    "iPhone": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        transfer="7bit",
        attribution="2026/11/23 12:34、{name} <{address}>のメール:\n",
        ending="\niPhoneから送信\n",
        headers={"X-Mailer": "iPhone Mail (23A341)"},
    ),
    "iPhone with HTML": Program(
        charset="utf-8",
        encode=utf_8,
        form="alternative",
        transfer="base64",
        attribution="> 2026/11/23 12:34、{name} <{address}>のメール:\n> ",
        mark="> \ufeff",
        ending="\niPhoneから送信",
        quotes=blockquote,
    ),
    "iPhone in English": Program(
        charset="utf-8",
        encode=utf_8,
        attribution="> On Nov 23, 2026, at 12:34, {name} <{address}> wrote:\n> ",
        mark="> \ufeff",
        ending="\nSent from my iPhone\n",
    ),
    "docomo": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        transfer="7bit",
        prefix="Re:",
        mark=">",
        named=False,
        last="\n――――――――――――――――――\n【PR】山手で人気のお店はこちら\nhttp://ad.example/1\n",
    ),
    "au": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        transfer="7bit",
        prefix="Re:",
        attribution="----- Original Message -----\nFrom: {address}\nSubject: {subject}",
        mark="",
        named=False,
    ),
    "SoftBank": Program(charset="Shift_JIS", encode=shift_jis, transfer="base64", mark=">", prefix="Re:", named=False),
    "Gmail": Program(
        charset="UTF-8",
        encode=utf_8,
        form="alternative",
        transfer="base64",
        attribution="2026年11月23日(月) 12:34 {name} <{address}>:\n",
        quotes=gmail_quote,
    ),
    "Gmail, which folds": Program(
        charset="UTF-8",
        encode=utf_8,
        form="alternative",
        transfer="base64",
        attribution="2026年11月23日(月) 12:34 {name} <\n{address}>:\n",
        quotes=gmail_quote,
    ),
    "Gmail in English": Program(
        charset="UTF-8",
        encode=utf_8,
        form="alternative",
        transfer="base64",
        attribution="On Mon, Nov 23, 2026 at 12:34 PM {name} <\n{address}> wrote:\n",
        quotes=gmail_quote,
    ),
    "Outlook": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        form="html",
        transfer="7bit",
        prefix="RE: ",
        attribution=OUTLOOK_JA,
        quotes=outlook_block,
        headers={"Thread-Topic": "x", "Thread-Index": "AQHZ8nWq", "X-MS-Has-Attach": "", "Accept-Language": "ja-JP"},
    ),
    "Outlook on a telephone": Program(
        charset="utf-8",
        encode=utf_8,
        prefix="RE: ",
        attribution="________________________________\n" + OUTLOOK_JA,
        mark="",
        ending="\nOutlook for iOS<https://app.example/o0ukef>を入手\n",
    ),
    "Galaxy": Program(
        charset="utf-8",
        encode=utf_8,
        form="alternative",
        transfer="base64",
        attribution="-------- 元のメール --------\n差出人: {name} <{address}>\n日付: 2026/11/23 12:34 (GMT+09:00)\n"
        "宛先: 花子\n件名: {subject}",
        mark="",
        ending="\n\nGalaxyから送信",
        quotes=outlook_block,
    ),
    "Yahoo! JAPAN": Program(
        charset="iso-2022-jp",
        encode=iso_2022_jp,
        transfer="7bit",
        attribution="----- Original Message -----\n>From: {name} <{address}>\n>Date: 2026/11/23, Mon 12:34\n"
        ">Subject: {subject}\n>",
        mark=">",
        last="\n--------------------------------------\nYahoo! の広告 浜手のお店\n",
    ),
    "Windows": Program(
        charset="shift_jis",
        encode=shift_jis,
        attribution='----- Original Message ----- \nFrom: "{name}" <{address}>\nTo: <x@family.test>\n'
        "Sent: Monday, November 23, 2026 12:34 PM\nSubject: {subject}\n\n",
    ),
    "an old Unix": Program(
        charset="EUC-JP", encode=euc_jp, attribution="{name} <{address}> さんは書きました:", mark="| "
    ),
    "a web mail that says iso-2022-jp and means UTF-8": Program(
        charset="iso-2022-jp", encode=utf_8, attribution="{name} wrote:"
    ),
    "one that names no charset": Program(charset="", encode=utf_8, attribution="{address} wrote:"),
    "one that names no charset and writes JIS": Program(
        charset="", encode=iso_2022_jp, attribution="{address} wrote:", named=False
    ),
    "one that names no charset and writes Shift_JIS": Program(
        charset="", encode=shift_jis, attribution="{address} wrote:"
    ),
}
