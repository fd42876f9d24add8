"""The line of every key of a TOML document, whatever stands between (protocol 9)."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config_lines import Lines, SettingPath

DOCUMENT = '''\
top = 1 # [no]
[gateway] # the first
domain = "a#b]"
x . y = 'q"'
list = [
  "a", # ]
  'b]',
  { c = 1 },
]
text = """
[not]
key = ""quoted""""
after = \'\'\'
[[nor]]
\'\'\'
[[districts]]
code = "a"

[[districts]]
"na me" = {a=1, b=[1,
2]}
[[a.b]]
[a.b.c]
z = 1
[[a.b.d]]
z = 2979-01-01
[[a.b]]
[[a.b.d]]
z = 3
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("gateway",), 2),
        (("gateway", "domain"), 3),
        (("gateway", "x", "y"), 4),
        (("gateway", "list"), 5),
        (("gateway", "list", 2, "c"), 5),
        (("gateway", "text"), 10),
        (("gateway", "after"), 13),
        (("districts",), 16),
        (("districts", 0, "code"), 17),
        (("districts", 1), 19),
        (("districts", 1, "na me"), 20),
        (("districts", 1, "missing"), 19),
        (("a", "b", 0), 22),
        (("a", "b", 0, "c", "z"), 24),
        (("a", "b", 0, "d", 0, "z"), 26),
        (("a", "b", 1), 27),
        (("a", "b", 1, "d", 0, "z"), 29),
        (("nothing", "of", "it"), 1),
    ],
)
def test_each_setting_is_found_on_its_line(path: SettingPath, line: int) -> None:
    tomllib.loads(DOCUMENT)
    assert Lines(DOCUMENT).of(path) == line
    assert Lines(DOCUMENT.replace("\n", "\r\n")).of(path) == line


VALUES = st.sampled_from(
    [
        "1",
        '"[x]"',
        "'#'",
        "[1, 2]",
        "[\n1, # ]\n2,\n]",
        '"""\n[a]\nb = 1\n"""',
        "'''\n#\n'''",
        "{ a = [1] }",
        "1.5 # c",
        '"\\""',
    ]
)


@given(st.lists(st.tuples(st.sampled_from(["[t{}]", "[[u]]", "k{} = "]), VALUES), max_size=12))
def test_every_key_that_the_parser_finds_is_found_here(parts: list[tuple[str, str]]) -> None:
    lines, expected, table = [], {}, ()
    counts = 0
    for number, (form, value) in enumerate(parts):
        row = "\n".join(lines).count("\n") + 1 + bool(lines)
        if form.startswith("k"):
            lines.append(form.format(number) + value)
            expected[(*table, f"k{number}")] = row
        else:
            lines.append(form.format(number))
            table = ("u", counts) if form == "[[u]]" else (f"t{number}",)
            counts += form == "[[u]]"
            expected[table] = row
    document = "\n".join(lines)
    data: dict[str, Any] = tomllib.loads(document)
    found = Lines(document)
    assert {path: found.of(path) for path in expected} == expected
    assert set(data) == {path[0] for path in expected}
