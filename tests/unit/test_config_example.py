"""The example configuration is what the declarations say, and starts as it is (protocol 9)."""

import tomllib
from pathlib import Path

from gateway import config, example
from gateway.declared import declarations
from gateway.settings import SECTIONS

COMMITTED = Path(__file__).parents[2] / "config.example.toml"


def _load(tmp_path: Path, text: str) -> config.Settings:
    (tmp_path / "terms.ja.txt").write_text("版: 1\n規約", encoding="utf-8")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return config.load(tmp_path / "config.toml")


def test_the_committed_example_is_up_to_date() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == example.render()


def test_the_example_loads_without_a_warning(tmp_path: Path) -> None:
    settings = _load(tmp_path, example.render())
    assert settings.warnings == ()
    assert settings.relay.smarthost == f"maildir:{tmp_path}/var/outbox"
    assert (settings.listener.host, settings.listener.port) == ("127.0.0.1", 8025)
    assert len(settings.town.districts) == 12
    assert [category.code for category in settings.town.categories if category.victim_consent] == ["suspicious"]
    assert len(settings.town.staff) == 2


def test_the_example_with_every_comment_taken_away_says_the_same(tmp_path: Path) -> None:
    lines = example.render().split("\n")
    bare = "\n".join(line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in lines)
    assert _load(tmp_path, bare) == _load(tmp_path, example.render())


def test_every_setting_stands_in_the_example() -> None:
    lines = example.render().split("\n")
    bare = tomllib.loads(
        "\n".join(line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in lines)
    )
    for name, section in SECTIONS.items():
        assert list(bare[name]) == [key for key, _ in declarations(section)]


def test_what_is_chosen_is_written_safely(tmp_path: Path) -> None:
    name = 'Board "A" \\ # [x]'
    settings = _load(tmp_path, example.render({("gateway", "organisation"): name}))
    assert settings.gateway.organisation == name
