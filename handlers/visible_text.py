"""The text that a reader of an HTML mail sees (protocol 2.4). In time proportional to its length, whatever it holds."""

import re
from html import unescape

TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
HIDDEN = frozenset({"head", "title", "blockquote"})  # a quotation is not the author's
RAW = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("style", "script")}  # no tags inside these
BLOCKS = frozenset({"p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "blockquote", "body"})
BLANKS = re.compile(r"[ \t\r\n]+")


def visible_text(html: str) -> str:
    """The text, one line a block; quotations left out."""
    kept: list[str] = []
    hidden = 0
    at = 0
    while at < len(html):
        start = html.find("<", at)
        if not hidden:
            _add(kept, html[at : start if start >= 0 else len(html)])
        if start < 0:
            break
        if html.startswith("<!--", start):
            end = html.find("-->", start)
            at = end + 3 if end >= 0 else len(html)
            continue
        name = _name(html, start)
        if name is None:  # an ordinary sign: 1 < 2
            if not hidden:
                _add(kept, "<")
            at = start + 1
            continue
        end = html.find(">", start)
        at = end + 1 if end >= 0 else len(html)
        if name in RAW:
            closing = RAW[name].search(html, at)
            at = closing.start() if closing else len(html)
            at = html.find(">", at) + 1 or len(html)
        elif name in HIDDEN:
            hidden = max(0, hidden + (-1 if html[start + 1] == "/" else 1))
        elif name == "body":
            hidden = 0  # whatever was left open before it
        if name == "br" and not hidden:
            kept.append("\n")
        elif name in BLOCKS:
            _end_line(kept)
    return "".join(kept).replace("\xa0", " ").strip()


def _name(html: str, start: int) -> str | None:
    """The tag's name; "" for a declaration; None where the sign begins no tag."""
    if html.startswith(("!", "?"), start + 1):
        return ""
    found = TAG_NAME.match(html, start + 1)
    return found[1].lower() if found else None


def _add(kept: list[str], text: str) -> None:
    shown = BLANKS.sub(" ", unescape(text))
    if not kept or kept[-1].endswith("\n"):
        shown = shown.lstrip(" ")
    if shown:
        kept.append(shown)


def _end_line(kept: list[str]) -> None:
    if kept and not kept[-1].endswith("\n"):
        kept.append("\n")
