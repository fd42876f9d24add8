"""What we send to staff and to the administrator in English."""

LETTERS: dict[str, tuple[str, str]] = {
    "outage": (
        "[{organisation}] Many mails come back",
        """Of {copies} copies, {failures} came back as undelivered.
So many at once are an outage or a block, and not people who have gone.
None of it is counted meanwhile, and nobody is suspended.

What to do next: look at the log of the relay, and at what these say:
  mimamori check
  mimamori subscribers bounces

{signature}""",
    ),
    "stalled": (
        "[{organisation}] URGENT: alert {name} has been stuck for {minutes} minutes",
        """Alert {name} has not moved at all for {minutes} minutes.
Of {matched} people, {relayed} have been sent theirs; {missing} have not got it yet.

What to do next: if it is urgent, use the telephone tree.
We keep trying by ourselves until {expires}.
Administrators: look at the mail relay, and at what these say:
  mimamori check
  mimamori queue

This mail comes by another path.

{signature}""",
    ),
    "alert_receipt": (
        "[{organisation}] {name} is being sent",
        """The alert {name} is accepted and being sent.

Category: {category}
Districts: {districts}
Recipients: {count}
Expires: {expires} (what is not out by then is not sent)
{remarks}
TO STOP IT
Reply to this mail with the one word "cancel" (delete your signature).
What has not been sent by then is stopped.
You will get a report when all is done.

{signature}""",
    ),
    "preview": (
        "{head}",
        """{opening}

NEXT STEP
{step}
Without an answer by {until} it ends without being sent.

{why}
Category: {category}
Districts: {districts}
Recipients: {count}
{remarks}
---- What they would get ----
Subject: {title}

{text}
---- End of what they would get ----

{signature}""",
    ),
    "release_unclear": (
        "[{organisation}] {name} has NOT been sent yet",
        """We could not read your answer. The alert {name} has not been sent to anybody.

NEXT STEP
Reply to this mail with the one word "release" to send it, or "cancel" not to.
Delete your signature and everything else.

{signature}""",
    ),
    "release_second_needed": (
        "[{organisation}] {name} waits for a second person",
        """The alert {name} has not been sent to anybody yet.
Somebody other than its author has to release it.

NEXT STEP
Those who may release it have a mail from us: ask one of them, by telephone, to reply.
If it should not be sent, reply to this mail with the one word "cancel".

{signature}""",
    ),
    "release_not_yours": (
        "[{organisation}] You could not release {name}",
        """The alert {name} has not been sent to anybody yet.
As things stand, you may not release it.

NEXT STEP
Contact its author, or {contact}.

{signature}""",
    ),
    "release_too_late": (
        "[{organisation}] {name} was NOT sent: its time is over",
        """The alert {name} is past its time limit and has not been sent to anybody.

NEXT STEP
If it is still needed, send it to alert@{domain} as a new mail.

{signature}""",
    ),
    "release_refused": (
        "[{organisation}] {name} is withdrawn",
        """The alert {name} is withdrawn. It has not been sent to anybody.
There is nothing else to do.

{signature}""",
    ),
    "release_running": (
        "[{organisation}] {name} is being sent already",
        """The alert {name} is being sent already.

TO STOP IT
Reply to this mail with the one word "cancel" (delete your signature).
What has not been sent by then is stopped.

{signature}""",
    ),
    "release_over": (
        "[{organisation}] {name} is over already",
        """The alert {name} has ended already.

NEXT STEP
To take back what was sent, write this as the first line of a new mail
and send it to alert@{domain}:

Cancellation: {name}

{signature}""",
    ),
    "stopping": (
        "[{organisation}] {name} is stopped",
        """The rest of the alert {name} is stopped.
Not reached so far: {unreached} (a report with the exact number follows)

NEXT STEP
To tell those who have it, write this as the first line of a new mail
and send it to alert@{domain}:

Cancellation: {name}

{signature}""",
    ),
    "withdrawn_alert": (
        "[{organisation}] {name} is withdrawn (it reached nobody)",
        """The alert {name} was still waiting, and is withdrawn now.
Nobody has it, so no correction or cancellation is sent either.

NEXT STEP
To send the right text, send it as a new alert.
{draft}
{signature}""",
    ),
    "held_over": (
        "[{organisation}] {name} was NOT sent",
        """Nobody released the alert {name} in time, so it was not sent to anybody.

NEXT STEP
If it is still needed, send it to alert@{domain} as a new mail.

{signature}""",
    ),
    "drill_receipt": (
        "[{organisation}] Your drill is accepted",
        """Your drill goes to {count} addresses of staff and testers (accepted {at}).
It may take some minutes. Not one copy goes to a resident.

Category: {category}
Districts: {districts}

There is nothing else to do.

{signature}""",
    ),
    "new_key": (
        "[mimamori] A signing key seen for the first time ({host})",
        """The alert {name} of {staff} is signed with a DKIM key that was never seen before.
It is held until its author confirms it by a reply.

Domain: {host}
Selector: {selector}
Key (SHA-256): {fingerprint}

NEXT STEP
Ask the author, by telephone, whether their mail system was changed.
If not, stop them at once: mimamori staff remove {staff}""",
    ),
    "alert_refused": (
        "[{organisation}] Your alert has NOT been sent",
        """Your alert has not been sent to anybody.

Why: {reason}

NEXT STEP
{next}
{draft}
{signature}""",
    ),
    "alert_report": (
        "[{organisation}] Delivery report of {name}",
        """Your alert {name} {ending}.

Recipients: {count}
Handed over: {relayed}
Could not be delivered: {failed}
Not sent: {waiting}
{course}
{signature}""",
    ),
}

UNDER_FIVE = "fewer than 5"

UNDER_FIVE_EACH = "(fewer than 5 each)"

READERS_OF = "{count} (those who got {first}; who has left since gets nothing)"

COUNT = "{count}"

ENDED = {"relayed": "is complete", "expired": "ended at its time limit", "stopped": "was stopped"}

ATTACHMENTS_LEFT_OUT = "Note: attachments are not sent ({count} left out).\n"

RESEMBLES = "Note: {name} with the same text has been sent already.\n"

STOPPED_FIRST = "Note: the rest of {name} is stopped ({unreached} without a copy).\n"

OUR_WORDS = "Note: it went out in standard words: yours would expose somebody, or your mail's key is new.\n"

STOPPED_HELD = "Note: {name}, which was waiting, is withdrawn.\n"

WHY = "Why we ask:\n{list}\n"
NOTICED = 'What we noticed (to correct it, reply "cancel" and send the corrected text anew):\n{list}\n'

PREVIEW_HEADS = {
    "first": (
        "[{organisation}] {name} waits to be released (NOT sent yet)",
        "The alert {name} has not been sent to anybody yet.",
    ),
    "again": (
        "[{organisation}] {name} still waits to be released (NOT sent)",
        "The alert {name} still waits, and has not been sent to anybody.",
    ),
}
PREVIEW_STEPS = {
    "author": 'If it is right as it is, reply to this mail with the one word "release".\n'
    'If it should not be sent, reply with the one word "cancel".',
    "second": 'Check it. Reply to this mail with the one word "release" to send it, or "cancel" not to.\n'
    "Its author cannot release it alone.",
    "waits": "It waits for another member of staff. If it is urgent, call one who may release it.\n"
    'If it should not be sent, reply to this mail with the one word "cancel".',
}

HOLD_REASONS = {
    "category-author": "Alerts of this category wait for their author's word.",
    "category-second": "Alerts of this category wait for a second person.",
    "recipients": "It would reach more than {limit} recipients.",
    "new-key": "The author's mail system signs with a key that we have never seen before.",
    "restored": "It was written before the register was restored from a backup, and may have gone out already.",
    "role": "Alerts of this author wait for a second person.",
}

TOOK = "Time taken: half after {to_50}, 95% after {to_95}, the last after {to_100}\n"

SLOW = "Slow to arrive of late: {list}\n"

CARRIER = "{carrier} (usually {time})"

MINUTES = "{minutes} min {seconds} s"

SECONDS = "{seconds} s"

PER_DISTRICT = "By district (rounded down to fives): {list}\n"

DRAFT = "\n---- Draft (send what follows to alert@{domain}) ----\n{fields}\n\n{text}\n---- End of the draft ----\n"

CHOOSE = "(please fill in)"

SEND_DRAFT = "Correct the draft below and send it to alert@{domain} as a new mail."

REASONS: dict[str, tuple[str, str]] = {
    "html-only": (
        "the mail has HTML only.",
        'Choose "plain text" in your mail program and send it to alert@{domain} again.',
    ),
    "text-too-long": (
        "the text is too long.",
        "Shorten it to 20,000 characters and send it to alert@{domain} again.",
    ),
    "no-text": ("it has no text.", SEND_DRAFT),
    "field-not-signed": (
        "your mail system does not sign the header {word}.",
        "Write it as the first line of the text.\n" + SEND_DRAFT,
    ),
    "unknown-field": ("there is no field {word}.", SEND_DRAFT),
    "field-repeated": ("the field {word} stands there twice.", SEND_DRAFT),
    "fields-differ": ("the header {word} and the text differ.", SEND_DRAFT),
    "field-below": ("the field {word} stands within the text. Fields belong at the head.", SEND_DRAFT),
    "drill-word": (
        "the subject says that it is a drill, and there is no line Drill.",
        'If it is a drill, add the line "Drill: yes" at the head: it goes to staff only.\n'
        "If it is none, change the subject.\n" + SEND_DRAFT,
    ),
    "drill-follow-up": (
        "a drill cannot be an update, correction, cancellation or resolution.",
        "Take out the line with the number, name District and Category, and send it again.",
    ),
    "several-follow-ups": (
        "it is more than one of Update, Correction, Cancellation and Resolved.",
        "Keep one of them. " + SEND_DRAFT,
    ),
    "follow-up-addressing": (
        "a follow-up has the districts and the category of the first alert.",
        "Take out the lines District and Category.\n" + SEND_DRAFT,
    ),
    "unknown-alert": (
        "there is no alert {word}.",
        "The number stands in the subject of the receipt (as 2026-0042). Correct it.\n" + SEND_DRAFT,
    ),
    "year-over": (
        "{word} is of a year that is over. Those who got it are no longer registered.",
        "Send it as a new alert, with District and Category.",
    ),
    "first-scope": ("{word} is of a district or category that is not yours.", "Contact {contact}."),
    "not-sent": (
        "{word} has not been sent to anybody.",
        "Only what was sent can be followed up. If it is needed, send it as a new alert.",
    ),
    "no-district": ("there is no District.", SEND_DRAFT),
    "unknown-district": ("there is no district {word}. The nearest: {nearest}", SEND_DRAFT),
    "district-scope": (
        "it names districts that are not yours: {word}",
        "Send the draft to alert@{domain} if your districts are enough.\nIf others need it too, contact {contact}.",
    ),
    "no-category": ("there is no Category. The categories: {categories}", SEND_DRAFT),
    "unknown-category": ("there is no category {word}. The categories: {categories}", SEND_DRAFT),
    "category-scope": ("that category is not yours.", "If no other category fits, contact {contact}."),
    "no-victim-consent": (
        "this category needs the consent of the child and of the guardian.",
        'When you have both, write "yes" in the line Victim-Consent.\n' + SEND_DRAFT,
    ),
    "bad-value": (
        "we cannot read what stands behind {word}.",
        'Expires is "120" (minutes) or "18:00"; Victim-Consent and Drill are "yes".\n' + SEND_DRAFT,
    ),
    "nobody-to-second": (
        "it needs the release of a second person, and nobody may do that.",
        "If it is urgent, contact {contact}.",
    ),
}

# 5.10  What the checks for haste noticed: a sentence each, for the author alone.
HASTE: dict[str, str] = {
    "time": "It does not say when it happened.",
    "place": "It does not say where it happened.",
    "action": "It does not say what guardians should do.",
    "telephone": "It has a telephone number: {word}",
    "address": "It has a mail address: {word}",
    "name": "This looks like somebody's full name: {word}",
    "house-number": "It has an exact house number: {word}",
    "age": "This seems to be more than 6 hours ago: {word}",
}
