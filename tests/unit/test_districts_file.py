"""The file of the districts: how it is written, how the configuration comes to name it, and how it is read."""

import stat
import tomllib
from pathlib import Path

import pytest

from gateway import districts_file, example
from gateway.config import ConfigError, load

B = '[[districts]]\ncode = "b"\nname = "c"\nschools = ["ハ マ", "浜"]\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "terms.ja.txt").write_text("版: 1\n規約", encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(example.render().replace('districts = ["tomio", "tomio-minami"]', 'districts = ["*"]'), "utf-8")
    return path


# --- the files ------------------------------------------------------------------------------------


def test_the_list_moves_out_of_the_configuration_and_nothing_else_changes(config: Path) -> None:
    before = load(config)
    original = config.read_text("utf-8")
    assert districts_file.write(before, before.town.districts)
    after = load(config)
    assert after.town == before.town
    file = config.parent / "districts.toml"
    assert after.registration.districts_file == file
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file, config)] == [
        0o600,
        stat.S_IMODE(config.stat().st_mode),
    ]
    assert (config.parent / "config.toml.bak").read_text("utf-8") == original
    assert [line for line in original.splitlines() if line.startswith("# ")] == [
        line
        for line in config.read_text("utf-8").splitlines()
        if line.startswith("# ") and "districts.toml" not in line
    ]
    assert sorted(path.name for path in config.parent.iterdir()) == [
        "config.toml", "config.toml.bak", "districts.toml", "terms.ja.txt",
    ]  # fmt: skip


def test_the_old_list_is_kept_beside_the_new(config: Path) -> None:
    settings = load(config)
    districts_file.write(settings, settings.town.districts)
    districts_file.write(load(config), settings.town.districts[:3])
    old = tomllib.loads((config.parent / "districts.toml.bak").read_text("utf-8"))
    new = tomllib.loads((config.parent / "districts.toml").read_text("utf-8"))
    assert (len(old["districts"]), len(new["districts"])) == (12, 3)
    assert stat.S_IMODE((config.parent / "districts.toml.bak").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "document",
    [
        'a = 1\n[[districts]]\ncode = "a"\nname = "b"\naliases = [\n  "x", # y\n]\n\n# of staff\n[[staff]]\nx = 1\n',
        '[registration]\nconfirm = "always"\n\n[[districts]]\ncode = "a"\n[x]\ny = 1\n[[districts]]\ncode = "b"\n',
        '[[ districts ]]\ncode = "a"\n[registration] # here\n#districts_file = ""\n',
        '[x]\ny = "[[districts]]"\n',
    ],
)
def test_a_configuration_is_pointed_to_the_file(document: str) -> None:
    moved = districts_file.pointed(document, "d.toml")
    assert moved is not None
    wanted = tomllib.loads(document)
    wanted.pop("districts", None)
    wanted["registration"] = wanted.get("registration", {}) | {"districts_file": "d.toml"}
    assert tomllib.loads(moved) == wanted
    assert ("# of staff" in document) == ("# of staff" in moved)


@pytest.mark.parametrize(
    "document",
    ['districts = [{code = "a"}, {code = "b"}]\n', 'registration = {confirm = "always"}\n[[districts]]\na = 1\n'],
)
def test_a_configuration_that_is_written_otherwise_is_left_alone(document: str) -> None:
    assert districts_file.pointed(document, "d.toml") is None


# --- the loader -----------------------------------------------------------------------------------


def pointing(config: Path, text: str | None) -> Path:
    """The configuration with its districts in a file of this text."""
    settings = load(config)
    assert districts_file.write(settings, settings.town.districts)
    file = config.parent / "districts.toml"
    file.unlink() if text is None else file.write_text(text, "utf-8")
    return config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, ["districts.toml: no such file; put it back, or write it with `mimamori districts import FILE.csv`"]),
        ("", ["districts.toml:1: [[districts]]: at least one [[districts]] is needed; add one with code and name"]),
        ("[[districts]\n", ["districts.toml:1: not TOML: Expected ']]'"]),
        (
            '[[districts]]\ncode = "a"\nname = "b"\n[gateway]\n',
            ["districts.toml:4: gateway: only [[districts]] belong"],
        ),
        (
            '[[districts]]\ncode = "a"\nname = "浜"\nsize = 1\n' + B,
            [
                "districts.toml:4: [[districts]] size: unknown setting",
                'districts.toml:8: [[districts]] schools: "浜" is taken by the one on line 1; choose another',
            ],
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_said_with_its_own_lines(
    config: Path, text: str | None, said: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(pointing(config, text))
    lines = str(caught.value).replace(f"{config.parent}/", "").splitlines()
    assert [line.startswith(start) for line, start in zip(lines, said, strict=True)] == [True] * len(said)


def test_districts_in_both_places_are_an_error(config: Path) -> None:
    pointing(config, '[[districts]]\ncode = "a"\nname = "b"\n')
    config.write_text(config.read_text("utf-8") + '\n[[districts]]\ncode = "a"\nname = "b"\n', "utf-8")
    with pytest.raises(ConfigError, match="stand here and in districts"):
        load(config)
