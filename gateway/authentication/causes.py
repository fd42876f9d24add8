"""Why an author is not proven (protocol 5.1): a closed list, for the audit only. The sender hears none of it.

They stand in the order of the steps: of several signatures, the one that came furthest gives the cause.
"""

from enum import StrEnum


class Cause(StrEnum):
    """One reason, by the name that the audit shows."""

    # The octets (lint)
    TOO_LARGE = "too-large"  # the mail is longer than 1 MiB
    BARE_CR_OR_LF = "bare-cr-or-lf"  # a line ends in something other than CR LF
    NUL_IN_BODY = "nul-in-body"
    HEADER_TOO_LARGE = "header-too-large"  # more than 64 KiB
    LINE_TOO_LONG = "line-too-long"  # more than 998 octets
    NO_HEADER = "no-header"  # no field, or no blank line that ends them
    CONTROL_CHARACTER = "control-character"  # in the header
    EIGHT_BIT_HEADER = "eight-bit-header"  # a header that is not ASCII
    FIELD_GRAMMAR = "field-grammar"  # no field name, a blank before the colon, or a folded name
    TOO_MANY_FIELDS = "too-many-fields"  # more than 200
    FIELD_TOO_LARGE = "field-too-large"  # more than 8 KiB
    DUPLICATE_FIELD = "duplicate-field"  # two of a kind of which RFC 5322 allows one
    RESENT_FIELD = "resent-field"  # somebody else passed the mail on

    # The author (sender)
    FROM_GRAMMAR = "from-grammar"  # From is missing, or not exactly one plain address
    UNKNOWN_AUTHOR = "unknown-author"  # the address is not enrolled

    # The signature
    NO_SIGNATURE = "no-signature"
    TOO_MANY_SIGNATURES = "too-many-signatures"  # more than 10, or more than 4 that cannot be read
    SIGNATURE_TOO_LARGE = "signature-too-large"  # more than 4 KiB, or more than 64 names in h=
    SIGNATURE_GRAMMAR = "signature-grammar"  # a tag is missing, doubled or malformed
    NOT_ALIGNED = "not-aligned"  # d= is not exactly the domain of From
    ALGORITHM = "algorithm"  # a= is neither rsa-sha256 nor ed25519-sha256
    BODY_LENGTH_TAG = "body-length-tag"  # l=, even of the full length
    IDENTITY = "identity"  # i= is not under d=
    FIELD_NOT_COVERED = "field-not-covered"  # h= leaves out From, Subject, Date, Message-ID, or one of several fields
    OTHER_RECIPIENT = "other-recipient"  # darn= names another domain than ours

    # The moment
    FIELD_MISSING = "field-missing"  # Date or Message-ID is not there
    DATE_GRAMMAR = "date-grammar"  # Date cannot be read
    TOO_OLD = "too-old"  # Date or t= is more than 24 hours ago
    SIGNATURE_EXPIRED = "signature-expired"  # x= is past
    IN_FUTURE = "in-future"  # Date or t= is more than 10 minutes ahead

    # The key
    NO_KEY = "no-key"  # nothing is published under this selector
    NOT_PINNED = "not-pinned"  # the configuration pins keys, and this is none of them
    SEVERAL_KEYS = "several-keys"
    KEY_GRAMMAR = "key-grammar"
    KEY_REVOKED = "key-revoked"  # p= is empty
    KEY_TESTING = "key-testing"  # t=y: the domain says not to rely on it
    KEY_PURPOSE = "key-purpose"  # s= or h= of the key forbids this use
    KEY_TYPE = "key-type"  # k= does not fit a=
    KEY_TOO_SHORT = "key-too-short"
    KEY_TOO_LONG = "key-too-long"
    KEY_EXPONENT = "key-exponent"  # another exponent than 65537
    KEY_IDENTITY = "key-identity"  # t=s, and i= names a subdomain

    # The proof
    BODY_ALTERED = "body-altered"
    SIGNATURE_WRONG = "signature-wrong"
    VERIFIERS_DISAGREE = "verifiers-disagree"  # ours says yes and dkimpy does not: worth an alarm

    # The content
    SUBJECT_UNREADABLE = "subject-unreadable"
    CONTENT_TYPE = "content-type"  # malformed, or of a kind that an alert may not have
    CONTENT_NOT_COVERED = "content-not-covered"  # Content-Type is unsigned, and the shape of the body does not pin it
    MIME_GRAMMAR = "mime-grammar"  # the parts of the body are malformed
    TOO_DEEP = "too-deep"  # parts in parts, more than 8
    TOO_MANY_PARTS = "too-many-parts"  # more than 30
    MESSAGE_INSIDE = "message-inside"  # a mail within the mail
    TRANSFER_ENCODING = "transfer-encoding"  # unknown, or broken
    CHARSET = "charset"  # not one for Japanese mail, or the octets do not fit it
    CONTROL_IN_TEXT = "control-in-text"


CAUSES: tuple[Cause, ...] = tuple(Cause)
