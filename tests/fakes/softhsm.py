"""A PKCS#11 token in software (SoftHSM 2), in a folder of the test; skipped aloud where it is not installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass

from storage.private_files import replace_private

PROGRAM = "softhsm2-util"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
NAME, LABEL, PIN, OFFICER = "minato", "mimamori kek", "81726354", "45362718"


@dataclass(frozen=True, slots=True)
class SoftToken:
    """One token with a PIN in a file."""

    folder: Path
    module: str

    @property
    def pin(self) -> Path:
        return self.folder / "pin"

    @property
    def uri(self) -> str:
        return self.uri_of(NAME)

    def uri_of(self, token: str) -> str:
        label = LABEL.replace(" ", "%20")
        return f"pkcs11:token={token};object={label}?module-path={self.module}&pin-source=file:{self.pin}"

    def write_pin(self, pin: str) -> None:
        replace_private(self.pin, f"{pin}\n".encode())

    def labels(self) -> list[str]:
        """The labels of the AES keys in the token."""
        with self._session() as session:
            return sorted(key[Attribute.LABEL] for key in session.get_objects({Attribute.KEY_TYPE: KeyType.AES}))

    def relabel(self, old: str, new: str) -> None:
        with self._session() as session:
            session.get_key(object_class=ObjectClass.SECRET_KEY, label=old)[Attribute.LABEL] = new

    def generate(self, label: str, **attributes: bool) -> None:
        """A key as another program makes it."""
        wanted = {Attribute[name.upper()]: value for name, value in attributes.items()}
        with self._session() as session:
            session.generate_key(KeyType.AES, 256, label=label, store=True, template=wanted)

    def _session(self) -> pkcs11.Session:
        return pkcs11.lib(self.module).get_token(token_label=NAME).open(user_pin=PIN, rw=True)


@contextmanager
def soft_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    """A fresh token, for this process and those that it starts."""
    module = next((each for each in MODULES if Path(each).exists()), None)
    if module is None or shutil.which(PROGRAM) is None:
        missing = "SoftHSM 2 is not installed here"
        if os.environ.get("MIMAMORI_REQUIRE_ALL") == "1":
            pytest.fail(f"{missing}, and MIMAMORI_REQUIRE_ALL=1 asks for it")
        pytest.skip(missing)
    (folder / "tokens").mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    words = [PROGRAM, "--init-token", "--free", "--label", NAME, "--pin", PIN, "--so-pin", OFFICER]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    token = SoftToken(folder, module)
    token.write_pin(PIN)
    try:
        yield token
    finally:
        pkcs11.unload(module)  # the next test has another folder
