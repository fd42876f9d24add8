"""The report of a self-test in English (protocol 5.11): the checks, and each objection in plain words."""

SUBJECT = "[{organisation}] Your self-test: {result}"
GOOD, BAD = "your alerts can be sent", "alerts cannot be sent like this"
BODY = """This is the result of your self-test. Your mail was sent to nobody.
Result: {result}.

{checks}

{facts}

How to write district and category: on the first lines of the text, as "District: ...".
As headers: {headers}
{advice}"""

CHECKS = {
    "octets": "form of the mail",
    "author": "sender (From)",
    "signature": "DKIM signature",
    "domain": "domain of the signature",
    "coverage": "what the signature covers",
    "time": "date and time",
    "key": "public key",
    "proof": "signature is right",
    "content": "form of the text",
}
PASSED, FAILED, UNREACHED = "OK   {check}", "FAIL {check}: {causes}", "-    {check} (could not be looked at)"
BETWEEN = "; "
FACTS = """Signature: d={domain}, selector {selector}, key {key}
Time of signing (t=) {timed}, expiry (x=) {expires}
Headers that it covers: {covered}
Headers that it does not cover: {uncovered}"""
NO_FACTS = "There is no signature of your own domain."
UNKNOWN, NONE, THERE, NOT_THERE = "unknown", "none", "is there", "is not there"
KEY = {"rsa": "RSA, {bits} bits", "ed25519": "Ed25519"}
HEADERS_SIGNED = "{names} may be used, as they are signed."
HEADERS_UNSIGNED = "may not be used (X-District and the like are not signed)."
HTML_ONLY = "Note: there is no plain text. Please write alerts as plain text.\n"
ADVICE = """Please give this sentence to your IT section as it is:
"{sentence}\""""
TO_ADMINISTRATOR = """Please give this sentence to the administrator of this mail service as it is:
"{sentence}\""""
SENTENCES = {
    "pinned": "Please register the new DKIM selector and public key of {domain} in the configuration, [[staff]] keys.",
    "google": "In the Google Admin console, under Apps > Google Workspace > Gmail > Authenticate email, please "
    "generate a DKIM"
    " key of 2048 bits for our own domain {domain}, publish it in DNS and start authentication. The signature of"
    " *.gappssmtp.com that we have now does not count.",
    "microsoft": "In Microsoft 365, under Email authentication settings > DKIM, please enable {domain} and "
    "publish the CNAME"
    " records selector1._domainkey and selector2._domainkey. The signature of *.onmicrosoft.com that we have now does"
    " not count.",
    "sign": "Please sign our mail from {domain} with DKIM, d={domain}, rsa-sha256 and a key of at least 2048 "
    "bits; h= has to name"
    " From, Subject, Date, Message-ID and Content-Type; please do not use l=.",
    "cover": "Please add {missing} to h= of our DKIM signature; h= has to name each header as often as it stands "
    "there.",
    "key": "Please publish the DKIM key at {selector}._domainkey.{domain}: RSA of at least 2048 bits, without "
    "t=y, one TXT"
    " record.",
    "altered": "Something changes our mail after it is signed (a disclaimer, a virus scanner, a forwarder). "
    "Please let it work"
    " before the signature is made, or take it out.",
    "clock": "Please set the clock of our mail server, and see that mail arrives within 24 hours with a signature "
    "that has not"
    " expired.",
    "form": "Please let our mail program send ordinary plain text in UTF-8.",
}
CAUSES = {
    "too-large": "it is larger than 1 MiB",
    "bare-cr-or-lf": "a line does not end in CR LF",
    "nul-in-body": "there is a NUL in the text",
    "header-too-large": "the header is too large",
    "line-too-long": "a line is longer than 998 characters",
    "no-header": "there is no header",
    "control-character": "there is a control character in the header",
    "eight-bit-header": "the header is not encoded",
    "field-grammar": "a header is malformed",
    "too-many-fields": "there are too many headers",
    "field-too-large": "a header is too long",
    "duplicate-field": "a header stands there twice that may stand once",
    "resent-field": "it was resent (Resent-); please send it directly",
    "from-grammar": "From is not exactly one plain address",
    "unknown-author": "this is not the address of a member of staff",
    "no-signature": "there is none",
    "too-many-signatures": "there are too many",
    "signature-too-large": "it is too large",
    "signature-grammar": "it is malformed",
    "not-aligned": "it is not of the domain of From (d=)",
    "algorithm": "it is neither rsa-sha256 nor ed25519-sha256",
    "body-length-tag": "it covers a part of the text only (l=)",
    "identity": "the signer (i=) is not under the domain (d=)",
    "field-not-covered": "not all headers that are needed are covered",
    "other-recipient": "it was made for another recipient (darn=)",
    "field-missing": "Date or Message-ID is missing",
    "date-grammar": "Date cannot be read",
    "too-old": "it is more than 24 hours old",
    "signature-expired": "the signature has expired",
    "in-future": "it is more than 10 minutes in the future",
    "no-key": "it is not in DNS",
    "not-pinned": "it is not a key that was registered",
    "several-keys": "there is more than one TXT record",
    "key-grammar": "it is malformed",
    "key-revoked": "it is revoked",
    "key-testing": "it is in test mode (t=y)",
    "key-purpose": "it is not for this use (s= or h=)",
    "key-type": "its kind does not fit the signature",
    "key-too-short": "it is too short (2048 bits are needed)",
    "key-too-long": "it is too long (4096 bits at most)",
    "key-exponent": "its public exponent is not 65537",
    "key-identity": "it does not allow subdomains (t=s)",
    "body-altered": "the text was changed after it was signed",
    "signature-wrong": "it does not fit the headers or the key",
    "verifiers-disagree": "two verifiers do not agree",
    "subject-unreadable": "the subject cannot be read",
    "content-type": "Content-Type is of a kind that cannot be sent",
    "content-not-covered": "Content-Type is not covered by the signature",
    "mime-grammar": "the parts of the text are malformed",
    "too-deep": "parts are nested too deep",
    "too-many-parts": "there are too many parts",
    "message-inside": "there is a mail within the mail",
    "transfer-encoding": "the encoding of the text cannot be read",
    "charset": "the charset of the text cannot be used or does not fit",
    "control-in-text": "there is a control character in the text",
}
