"""Whether a signature is right: by our own verifier, and then by dkimpy as a second opinion (protocol 5.1).

Ours comes first, because it needs linear time on any input and dkimpy does not. dkimpy sees a mail made of the signed
fields alone. Neither is asked about policy: who signs, what is covered, when, and with which key is settled before.
"""

import hashlib
import logging
import re
from collections import defaultdict

import dkim
import dkim.util
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

from gateway.authentication import canonical
from gateway.authentication.canonical import Form
from gateway.authentication.causes import Cause
from gateway.authentication.lint import Field, Message
from gateway.authentication.signatures import Signature
from gateway.authentication.signing_keys import SigningKey

# dkimpy logs keys and header values.
_SILENT = logging.getLogger("gateway.authentication.dkimpy")
_SILENT.disabled = True
_COLON = re.compile(rb"[ \t]*:[ \t]*")


def verify(message: Message, signature: Signature, key: SigningKey) -> Cause | None:
    """None where both verifiers find the signature right; otherwise the reason."""
    wrong = own_opinion(message, signature, key)
    if wrong is not None:
        return wrong
    return None if second_opinion(message, signature, key) else Cause.VERIFIERS_DISAGREE


def covered_fields(message: Message, signature: Signature) -> tuple[Field, ...]:
    """The instances that h= covers, in its order: of several of a name, the last comes first (RFC 6376, 5.4.2)."""
    waiting: defaultdict[str, list[Field]] = defaultdict(list)
    for field in message.fields:
        waiting[field.name].append(field)
    return tuple(waiting[name].pop() for name in signature.covered if waiting[name])


def own_opinion(message: Message, signature: Signature, key: SigningKey) -> Cause | None:
    """Our verifier: the body hash, then the signature over the covered fields and the emptied signature field."""
    body = canonical.body(message.body, signature.body_form)
    if hashlib.sha256(body).digest() != signature.body_hash:
        return Cause.BODY_ALTERED
    form = signature.header_form
    fields = [canonical.header(field.raw, form) for field in covered_fields(message, signature)]
    last = canonical.header(signature.unsigned + b"\r\n", form).removesuffix(b"\r\n")
    return None if _is_right(key, signature.value, b"".join([*fields, last])) else Cause.SIGNATURE_WRONG


def _is_right(key: SigningKey, signature: bytes, data: bytes) -> bool:
    try:
        if isinstance(key.public, ed25519.Ed25519PublicKey):
            key.public.verify(signature, hashlib.sha256(data).digest())  # RFC 8463, 3: the hash is what is signed
        else:
            key.public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def second_opinion(message: Message, signature: Signature, key: SigningKey) -> bool:
    """dkimpy's answer; whatever it raises is a no."""
    try:
        return _dkimpy(message, signature, key)
    except Exception:  # it raises many kinds that are not its own
        return False


def _dkimpy(message: Message, signature: Signature, key: SigningKey) -> bool:
    covered = set(map(id, covered_fields(message, signature)))
    fields = [signature.source.raw, *(field.raw for field in message.fields if id(field) in covered)]
    body = message.body
    if signature.body_form is Form.RELAXED:
        body = canonical.squeezed(body)  # the same to a relaxed hash, and dkimpy needs quadratic time on runs of blanks
    verifier = dkim.DKIM(b"".join([*fields, b"\r\n", body]), logger=_SILENT, minkey=1024)
    name, value = verifier.headers[0]
    tags = dkim.util.parse_tag_value(value)
    # freshness.py judged the times by the moment of arrival; dkimpy would ask today's clock, with ten hours of grace.
    for timed in (b"t", b"x"):
        tags.pop(timed, None)
    dkim.validate_signature_fields(tags)
    include = [word.lower() for word in _COLON.split(tags[b"h"].replace(b"\r\n", b""))]
    return verifier.verify_sig(tags, include, (name, value), lambda name, timeout: key.record) is True
