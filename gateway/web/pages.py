"""The pages of /leave/: Japanese first, English beside it; whole without JavaScript, images or anything from elsewhere.

No page tells whether the registration is there still. Each is made once, at start.
"""

import base64
import hashlib
from html import escape

from gateway.web.message import Response
from handlers.town import Town
from handlers.wording import contact_of

STYLE = """\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#556070;--paper:#fff;--ground:#eef2f6;--line:#d5dce4;--deed:#a8321f}
@media(prefers-color-scheme:dark){
:root{--ink:#eef2f6;--soft:#a9b4c0;--paper:#1d242d;--ground:#12171d;--line:#35404c;--deed:#c2452f}}
*{box-sizing:border-box}
body{margin:0;padding:1.25rem 1rem;background:var(--ground);color:var(--ink);
font:1.0625rem/1.75 system-ui,"Hiragino Sans","Noto Sans JP","Noto Sans CJK JP","Yu Gothic UI",sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1.25rem 1.25rem;background:var(--paper);
border:1px solid var(--line);border-radius:.75rem}
.who{margin:0 0 .25rem;color:var(--soft);font-size:.9375rem}
h1{margin:0 0 1.25rem;font-size:1.5rem;line-height:1.35}
h1 span{display:block;color:var(--soft);font-size:1.0625rem;font-weight:400}
.both{display:grid;gap:.25rem 2rem}
.both p{margin:0 0 .75rem;text-wrap:pretty}
[lang=ja]{line-break:strict}
[lang=en]{color:var(--soft);font-size:.9688rem;line-height:1.6}
@media(min-width:44rem){.both{grid-template-columns:1fr 1fr}}
button{display:block;width:100%;margin:1rem 0 1.25rem;padding:.9rem 1rem;border:0;border-radius:.6rem;
background:var(--deed);color:#fff;font:inherit;font-size:1.1875rem;font-weight:700;line-height:1.4;cursor:pointer}
button [lang=en]{display:block;color:#fff;font-size:.9688rem;font-weight:400}
button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
a{color:inherit;overflow-wrap:anywhere}
footer{margin-top:.5rem;padding-top:.9rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9375rem}
footer p{margin:0}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = """\
<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title} / {title_en}</title>
<style>{style}</style>
</head>
<body>
<main>
<p class="who">{organisation}</p>
<h1>{title} <span lang="en">{title_en}</span></h1>
{content}
<footer><p>お問い合わせ <span lang="en">/ Questions</span><br>{contact}</p></footer>
</main>
</body>
</html>
"""
# The form has no action: it posts to where the page came from, whatever a proxy calls it.
BUTTON = """\
<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button type="submit">登録をやめる <span lang="en">Unsubscribe</span></button>
</form>"""


class Pages:
    """Every page that there is, for one town."""

    def __init__(self, town: Town) -> None:
        self._town = town
        address = f"subscribe@{town.domain}"
        again = f'<a href="mailto:{escape(address)}">{escape(address)}</a>'
        asked = _both(
            "下のボタンを押すと、見守りメールの登録（メールアドレスと地区）をすべて消します。"
            "すぐに消え、以後お知らせは届きません。",
            "The button below erases your registration (mail address and districts). "
            "It is gone at once, and no further alerts will come.",
        )
        closed = _both(
            "やめない場合は、このページを閉じてください。何も変わりません。",
            "To stay registered, just close this page. Nothing has changed.",
        )
        self.question = self._page(200, "登録をやめますか", "Leave the alert mail?", asked + BUTTON + closed)
        self.question_again = self._page(400, "登録をやめますか", "Leave the alert mail?", asked + BUTTON + closed)
        self.done = self._page(
            200,
            "登録を消しました",
            "You are unsubscribed",
            _both(
                "登録は残っていません。お知らせは、もう届きません（いま配信中のものは、行き違いで届くことがあります）。",
                "No registration is left. No further alerts will come; one that is on its way may still arrive.",
            )
            + _both(
                f"消したことは、登録されていたアドレスへメールでお知らせしています。もう一度登録するには、{again} へ"
                "メールをお送りください。",
                f"A mail to the address that was registered has confirmed it. To register again, write to {again}.",
            ),
        )
        self.unknown = self._page(
            404,
            "ページがありません",
            "No such page",
            _both(
                f"この URL のページはありません。配信をやめるには、登録したアドレスから unsubscribe@{town.domain} へ"
                "メールをお送りください。",
                f"There is no page here. To leave, write to unsubscribe@{town.domain} from the address that is "
                "registered.",
            ),
        )

    def _page(self, status: int, title: str, title_en: str, content: str) -> Response:
        text = PAGE.format(
            title=title,
            title_en=title_en,
            style=STYLE,
            organisation=escape(self._town.organisation),
            content=content,
            contact=escape(contact_of(self._town)),
        )
        return Response(status=status, body=text.encode(), media="text/html; charset=utf-8", policy=POLICY)


def _both(japanese: str, english: str) -> str:
    return f'<div class="both"><p lang="ja">{japanese}</p><p lang="en">{english}</p></div>\n'
