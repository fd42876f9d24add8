"""A town with many made-up residents, made once and copied for each test. It tests nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.town import ROOT, as_toml, merged, settings, write_settings

TEXT = "地区：全域\n区分：台風\n\n休校です。\n"


def seed(folder: Path, subscribers: int) -> Path:
    """A stopped town in this folder."""
    config = write_settings(folder, merged(settings("smtp://127.0.0.1:9"), roomy(subscribers)))
    words = [sys.executable, "bench/seed.py", "--config", str(config), "--number", str(subscribers), "--seed", "1"]
    subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return folder


def copied(seeded: Path, folder: Path, smarthost: str, changes: Mapping[str, Any], subscribers: int) -> Path:
    """The configuration of a copy that relays to this smarthost."""
    config = shutil.copytree(seeded, folder) / "config.toml"
    chosen = merged(merged(settings(smarthost), roomy(subscribers)), changes)
    config.write_text(as_toml(chosen), "utf-8")
    return config


def roomy(subscribers: int) -> dict[str, Any]:
    return {"alerts": {"release_above": 2 * subscribers, "haste_checks": []}}
