"""What is told to type can be typed (protocol 8)."""

import sys
from pathlib import Path

import pytest

from gateway import typed


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MIMAMORI_CALLED_AS", "MIMAMORI_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "mimamori"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)


def test_8_a_program_on_the_path_needs_no_folder_and_the_usual_settings_no_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "mimamori"), "serve"])
    assert typed.command(tmp_path / "config.toml") == "mimamori"
    assert typed.command(tmp_path / "my town" / "config.toml") == f"mimamori --config '{tmp_path}/my town/config.toml'"
    monkeypatch.setenv("MIMAMORI_CONFIG", "my town/config.toml")
    assert typed.command(tmp_path / "my town" / "config.toml") == "mimamori"


def test_8_another_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("venv/bin/mimamori")
    other.parent.mkdir(parents=True)
    other.touch()
    monkeypatch.setattr(sys, "argv", [str(other), "serve"])
    assert typed.command(Path("config.toml")) == "venv/bin/mimamori"
    monkeypatch.setenv("MIMAMORI_CALLED_AS", "./run")
    assert typed.command(Path("config.toml")) == "./run"
