"""The shortest configuration that is complete, and the kinds of the fixtures that read one."""

from collections.abc import Callable

from gateway.settings import Settings

LEAST = """\
[gateway]
domain = "mimamori.example.jp"
organisation = "見守り市"

[[categories]]
code = "notice"
name = "お知らせ"

[[districts]]
code = "tomio"
name = "富雄"
"""
TERMS = "版: 2026-04-01\n\n利用規約\n"

Load = Callable[[str], Settings]
Complain = Callable[[str], list[str]]
