"""Fixtures that read a configuration, or hear what is wrong with it."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.settings import Settings
from tests.fakes.configuration import TERMS, Complain, Load


@pytest.fixture
def read(tmp_path: Path) -> Load:
    (tmp_path / "terms.ja.txt").write_text(TERMS, encoding="utf-8")

    def read(text: str) -> Settings:
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return load(tmp_path / "config.toml")

    return read


@pytest.fixture
def complain(read: Load, tmp_path: Path) -> Complain:
    """The lines that are said about a configuration, without the folder."""

    def complain(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return complain
