"""A KEK that never leaves its PKCS#11 token: the token wraps and unwraps (protocol 9, [keys]).

The only user of python-pkcs11, which is an extra: this file is imported when such a KEK is configured. The PIN is read
anew for each login, and a session lasts no longer than what it is needed for. When a token is in trouble, the name of
the error is told and no other word of its module.

A module that looks while another process changes the token may see it half, and go on failing for as long as it lives.
So after trouble the module is initialised anew, and the work is tried again: each piece of work may be done twice.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, Session, Token, TokenFlag

from storage.kek import NotRenewable, named, secret_text
from storage.private_files import KeyTrouble
from storage.token_uri import TokenUri

Key = Any  # what a key can do depends on its attributes, so its type says nothing
BITS = 256
KNOWN = bytes(32)  # wrapped, it names the KEK: the wrapping is the same each time, and leads to nothing
ONE_AT_A_TIME = threading.Lock()  # a login is the whole process's
REFUSED: set[int] = set()  # hashes of PINs that were wrong: another try of the same would only lock the token
REMEDIES = {
    "NoSuchToken": "is it there, and is its label the one in [keys] kek?",
    "TokenNotPresent": "put it in",
    "PinIncorrect": "the PIN is wrong: correct what pin-source names before you try again, for a token locks itself",
    "PinLenRange": "the PIN has another length: correct what pin-source names",
    "PinLocked": "too many wrong PINs: unlock it with its own program",
    "MechanismInvalid": "it has no AES key wrap; take a token that has CKM_AES_KEY_WRAP",
}

LASTING = {"PinIncorrect", "PinLenRange", "PinLocked", "MechanismInvalid"}
TRIES = 3
PAUSE_SECONDS = 0.1
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Unsteady(KeyTrouble):
    """Trouble that may be over at the next try."""


class AbsentKek(Unsteady):
    """The token has no KEK of this label, or another process is just exchanging it."""


def tried_again(work: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Work at a token that is done again after trouble which may pass; a refused PIN is never tried again."""

    @functools.wraps(work)
    def steady(*arguments: Arguments.args, **named_ones: Arguments.kwargs) -> Result:
        for _ in range(TRIES - 1):
            with suppress(Unsteady):
                return work(*arguments, **named_ones)
            time.sleep(PAUSE_SECONDS)
        return work(*arguments, **named_ones)

    return steady


@dataclass(frozen=True, slots=True)
class TokenKek:
    """The KEK of this name in the token, under whichever of its labels it stands."""

    uri: TokenUri
    id: str

    @tried_again
    def wrap(self, secret: bytes) -> bytes:
        with _session(self.uri) as session:
            return _wrapped(session, self._key(session), secret)

    @tried_again
    def unwrap(self, wrapped: bytes) -> bytes:
        shown = _passing()
        with _session(self.uri) as session:
            kind, key = ObjectClass.SECRET_KEY, self._key(session)
            opened = key.unwrap_key(
                kind, KeyType.GENERIC_SECRET, wrapped, mechanism=Mechanism.AES_KEY_WRAP, template=shown
            )
            return bytes(opened[Attribute.VALUE])

    def _key(self, session: Session) -> Key:
        """Looked for by its name each time: another process may have replaced what stood under the label."""
        for key in (*_labelled(session, self.uri.label), *_labelled(session, self.uri.beside)):
            if _name(session, key) == self.id:
                return key
        raise _absent(self.uri)


class TokenPlace:
    """A label in a token, under which one KEK follows another."""

    def __init__(self, uri: TokenUri) -> None:
        self._uri = uri

    @tried_again
    def read(self) -> TokenKek:
        """The KEK under the label; or the one that was to take its place, where only that is left."""
        with _session(self._uri) as session:
            found = _one(session, self._uri, self._uri.label) or _one(session, self._uri, self._uri.beside)
            if found is None:
                raise _absent(self._uri)
            return TokenKek(self._uri, _name(session, found))

    def found_or_made(self) -> TokenKek:
        """The KEK under the label, which is made where there is none."""
        try:
            return self.read()
        except AbsentKek:
            return self._made(self._uri.label)

    def fresh(self) -> TokenKek:
        """The new KEK beside the old one. Raises NotRenewable where the token makes none."""
        try:
            self._settle()
            return self._made(self._uri.beside)
        except KeyTrouble as error:
            raise NotRenewable(f"the KEK stays as it is: {error}") from None

    @tried_again
    def promote(self) -> None:
        """Destroys the old KEK; the new one gets its label."""
        with _session(self._uri, writing=True) as session:
            old = _one(session, self._uri, self._uri.label)
            if old is not None and _labelled(session, self._uri.beside):
                old.destroy()
        self._settle()

    @tried_again
    def exportable(self) -> bool:
        """Whether the token would give the KEK out."""
        with _session(self._uri) as session:
            found = _labelled(session, self._uri.label)
            return any(key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE] for key in found)

    @tried_again
    def _settle(self) -> None:
        """The new KEK gets the label that nothing has any more; also after a crash."""
        with _session(self._uri, writing=True) as session:
            new = _one(session, self._uri, self._uri.beside)
            if new is not None and not _labelled(session, self._uri.label):
                new[Attribute.LABEL] = self._uri.label

    @tried_again
    def _made(self, label: str) -> TokenKek:
        """The KEK under this label, unless there is one already."""
        may = dict.fromkeys((Attribute.SENSITIVE, Attribute.PRIVATE, Attribute.WRAP, Attribute.UNWRAP), True)
        may_not = dict.fromkeys(
            (Attribute.EXTRACTABLE, Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.SIGN, Attribute.VERIFY), False
        )
        with _session(self._uri, writing=True) as session:
            made = _one(session, self._uri, label) or session.generate_key(
                KeyType.AES, BITS, label=label, store=True, template={**may, **may_not}
            )
            return TokenKek(self._uri, _name(session, made))


@contextmanager
def _session(uri: TokenUri, *, writing: bool = False) -> Iterator[Session]:
    """A session of a user who is logged in. Raises KeyTrouble with the remedy."""
    pin = _pin(uri)
    attempt = hash((uri.token, pin))
    with ONE_AT_A_TIME:
        try:
            module = pkcs11.lib(uri.module)
        except (pkcs11.PKCS11Error, OSError):
            raise Unsteady(
                f"{uri.module}: no PKCS#11 module that works; install the token's own, and name it by module-path"
            ) from None
        if attempt in REFUSED:
            raise _trouble(uri, "PinIncorrect")
        try:
            with _token(uri, module).open(user_pin=pin, rw=writing) as session:
                yield session
        except pkcs11.PinIncorrect:
            REFUSED.add(attempt)
            raise _trouble(uri, "PinIncorrect") from None
        except pkcs11.PKCS11Error as error:
            with suppress(pkcs11.PKCS11Error):
                module.finalize()  # the next session initialises it
            raise _trouble(uri, type(error).__name__) from None


def _token(uri: TokenUri, module: Any) -> Token:
    token: Token = module.get_token(token_label=uri.token)
    if token.flags & TokenFlag.USER_PIN_FINAL_TRY:
        raise KeyTrouble(f'token "{uri.token}": one try of the PIN is left; log in once with its own program first')
    return token


def _pin(uri: TokenUri) -> str:
    try:
        return secret_text(uri.pin_source).decode().strip()
    except UnicodeDecodeError:
        raise KeyTrouble("the PIN of the token is no text; write it into what pin-source names") from None
    except KeyTrouble as error:
        raise KeyTrouble(f"the PIN of the token, by pin-source in [keys] kek: {error}") from None


def _trouble(uri: TokenUri, what: str) -> KeyTrouble:
    remedy = REMEDIES.get(what, "try it with the token's own program; the module's manual says what this error means")
    kind = KeyTrouble if what in LASTING else Unsteady
    return kind(f'token "{uri.token}": {what}; {remedy}')


def _absent(uri: TokenUri) -> AbsentKek:
    return AbsentKek(
        f'token "{uri.token}": it has no KEK "{uri.label}"; correct object in [keys] kek, '
        "or let `mimamori keys rewrap --to` make one"
    )


def _labelled(session: Session, label: str) -> list[Key]:
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.TOKEN: True}
    return list(session.get_objects({**wanted, Attribute.LABEL: label}))


def _one(session: Session, uri: TokenUri, label: str) -> Key | None:
    found = _labelled(session, label)
    if len(found) > 1:
        raise KeyTrouble(f'token "{uri.token}": {len(found)} keys are "{label}"; give the KEK a label of its own')
    return found[0] if found else None


def _name(session: Session, key: Key) -> str:
    return named(_wrapped(session, key, KNOWN))


def _wrapped(session: Session, key: Key, secret: bytes) -> bytes:
    kind = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.GENERIC_SECRET}
    passing = session.create_object({**kind, **_passing(), Attribute.VALUE: secret})
    return bytes(key.wrap_key(passing, mechanism=Mechanism.AES_KEY_WRAP))


def _passing() -> dict[Any, bool]:
    """What a secret is that passes through the token: ours to read, and gone with the session."""
    ours = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
    return {**ours, Attribute.TOKEN: False, Attribute.PRIVATE: True}
