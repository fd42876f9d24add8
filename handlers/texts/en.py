"""Every text that we send in English: a name, its subject and its body."""

LETTERS: dict[str, tuple[str, str]] = {
    "confirm": (
        "[{organisation}] Please reply to finish your registration",
        """We have your request. You are not registered yet.

NEXT STEP
Reply to this mail as it is. You need not write anything.

Districts: {districts}
Until: {until} (registration is for one fiscal year)

Your reply registers you and accepts the terms below.
Without a reply the request is deleted after {hours} hours.
If you did not ask for this, just delete this mail.

{signature}
{carrier}
---- Terms (version {version}) ----
{terms}""",
    ),
    "form": (
        "[{organisation}] Please choose your districts and reply",
        """This is how to register for child safety alerts.

NEXT STEP
Reply to this mail with the numbers or names of your districts.
You may choose several (example: 1, 3).

{list}

Until: {until} (registration is for one fiscal year)
A reply that names districts registers you and accepts the terms below.
If you did not ask for this, just delete this mail.
（日本語：地区の番号を書いて返信すると、規約に同意して登録したことになります。）

{signature}
{carrier}
---- Terms (version {version}) ----
{terms}""",
    ),
    "form_again": (
        "[{organisation}] We could not read your districts",
        """We found no district in your reply. You are not registered yet.

NEXT STEP
Reply to this mail with nothing but numbers or names (example: 1, 3).

{list}

{signature}""",
    ),
    "receipt": (
        "[{organisation}] You are registered",
        """You are registered.

Districts: {districts}
Until: {until} (your registration is deleted on that day)
Agreed: terms, version {version} ({agreed})

Alerts come from help@{domain}: please make sure that your mailbox accepts it.
To leave, send an empty mail to unsubscribe@{domain}.

{signature}""",
    ),
    "already": (
        "[{organisation}] You are registered already",
        """This address is registered already. There is nothing to do.

Districts: {districts}
Until: {until}

To leave, send an empty mail to unsubscribe@{domain}.

{signature}""",
    ),
    "mistake_unknown": (
        "[{organisation}] We could not read a line",
        """Nothing was done: line {position} has a field that cannot be used here.

NEXT STEP
Please write it like this and send it again:

{lines}

{signature}""",
    ),
    "mistake_repeated": (
        "[{organisation}] A field stood there twice",
        """Nothing was done: "{field}" stood there twice.

NEXT STEP
Please write it once, like this, and send it again:

{lines}

{signature}""",
    ),
    "mistake_value": (
        "[{organisation}] We could not read a line",
        """Nothing was done: we could not read what stands behind "{field}".

NEXT STEP
Please write it like this and send it again:

{lines}

{signature}""",
    ),
    "unreadable": (
        "[{organisation}] We could not read your mail",
        """Your mail uses a form of letters that we cannot read. Nothing has changed.

NEXT STEP
Please choose plain text in UTF-8 in your mail program and send it again.
To register, an empty mail to subscribe@{domain} is enough, too.

{signature}""",
    ),
    "unknown_district": (
        "[{organisation}] We do not know that district",
        """Nothing was done: a district that you named is not in our list.
The nearest names are:

{nearest}

NEXT STEP
Please send it again with the right name. For a list of all districts,
send an empty mail to subscribe@{domain}.

{signature}""",
    ),
    "token_over_subscribe": (
        "[{organisation}] This confirmation no longer works",
        """This confirmation was used already, or it is too old.

NEXT STEP
If you have our mail that you are registered, there is nothing to do.
If not, send an empty mail to subscribe@{domain}.

{signature}""",
    ),
    "token_over_leave": (
        "[{organisation}] This confirmation no longer works",
        """This confirmation was used already, or it is too old.

NEXT STEP
If you have our mail that you have left, there is nothing to do.
If not, send an empty mail to unsubscribe@{domain}.

{signature}""",
    ),
    "token_over_change": (
        "[{organisation}] This confirmation no longer works",
        """This confirmation was used already, or it is too old.

NEXT STEP
If you have our mail that the change is done, there is nothing to do.
If not, please mail change@{domain} again.

{signature}""",
    ),
    "token_over_status": (
        "[{organisation}] This confirmation no longer works",
        """This confirmation was used already, or it is too old.

NEXT STEP
To see what we hold, send an empty mail to status@{domain}.

{signature}""",
    ),
    "confirm_change": (
        "[{organisation}] Please reply to change your districts",
        """We have your request to change your districts. Nothing has changed yet.

NEXT STEP
Reply to this mail as it is. You need not write anything.

{change}

Without a reply within {hours} hours nothing changes.
If you did not ask for this, just delete this mail.

{signature}""",
    ),
    "change_how": (
        "[{organisation}] How to change your districts",
        """We found no district in your mail. Nothing has changed.

NEXT STEP
Write one of these lines and send it to change@{domain}:

District: {example}      (this district only)
District: +{other}     (add a district)
District: -{other}     (remove a district)

{signature}""",
    ),
    "change_leaves_nothing": (
        "[{organisation}] Your districts were not changed",
        """That change would leave you without any district. Nothing has changed.

NEXT STEP
To leave, send an empty mail to unsubscribe@{domain}.

{signature}""",
    ),
    "changed": (
        "[{organisation}] Your districts are changed",
        """Your districts are changed.

Districts: {districts}
Until: {until}

To undo this, write the line "District: (your former districts)"
and send it to change@{domain}.

{signature}""",
    ),
    "confirm_status": (
        "[{organisation}] Please reply to see what we hold",
        """You asked what we hold about you.

NEXT STEP
Reply to this mail as it is, and we will tell you.

If you did not ask for this, just delete this mail.

{signature}""",
    ),
    "status": (
        "[{organisation}] What we hold about you",
        """This is what we hold about you as a registrant.

Mail address: the one that this mail went to
{years}
Agreed: terms, version {version} ({agreed}, {way})
{more}

To change it, mail change@{domain}; to leave, mail unsubscribe@{domain}.

{signature}

---- The terms that you agreed to (version {version}) ----
{terms}""",
    ),
    "not_registered": (
        "[{organisation}] You are not registered",
        """This address is not registered.
{asked}
To register, send an empty mail to subscribe@{domain}.

{signature}""",
    ),
    "renewal": (
        "[{organisation}] To go on next year, please reply to this mail",
        """Your registration ends on {ends}; on that day it is deleted.

NEXT STEP
To go on for another year, reply to this mail as it is.

Districts: {districts}
Until: {until}

Your reply registers you and accepts the terms below.
If you do not want to go on, there is nothing to do.

{signature}

---- Terms (version {version}) ----
{terms}""",
    ),
    "withdrawn": (
        "[{organisation}] Your request is withdrawn",
        """Your request is withdrawn and nothing has changed.
There is nothing else to do.

To ask again, send an empty mail to help@{domain}: it tells you how.

{signature}""",
    ),
    "confirm_leaving": (
        "[{organisation}] Please reply to leave",
        """We have your request to leave. Nothing has changed yet.

NEXT STEP
Reply to this mail as it is. You need not write anything.

Districts to leave: {districts}

Without a reply within {hours} hours nothing changes.
If you did not ask for this, just delete this mail.

{signature}""",
    ),
    "probe": (
        "[{organisation}] Do our alerts reach you?",
        """Alerts to this address came back to us on several days.
If you can read this, there is nothing to do.
If this mail comes back as well, we stop sending alerts to it.

To get them again after that, send an empty mail to help@{domain}.

{carrier}{signature}""",
    ),
    "canary": (
        "[{organisation}] Delivery check",
        """This mail measures how long delivery takes. Once something is sent back to its
Return-Path, it counts as arrived.

{signature}""",
    ),
    "goodbye": (
        "[{organisation}] You have left",
        """You have left; your address and districts are erased.
One more alert may still be on its way to you.

If this was a mistake, send an empty mail to subscribe@{domain}.

{signature}""",
    ),
    "narrowed": (
        "[{organisation}] Districts removed",
        """Your districts were removed.

What remains: {districts}

To undo this, write the line "District: +(name of the district)"
and send it to change@{domain}.

{signature}""",
    ),
    "help": (
        "[{organisation}] How to use this service",
        """Nobody reads mail to this address.
In danger, call 110.
For questions: {contact}

To register:             send an empty mail to subscribe@{domain}
To change districts:     send an empty mail to change@{domain}
To see what we hold:     send an empty mail to status@{domain}
To leave:                send an empty mail to unsubscribe@{domain}

Then follow the mail that you get.

{signature}""",
    ),
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
        "[{organisation}] {name} waits to be released (NOT sent yet)",
        """The alert {name} has not been sent to anybody yet.

NEXT STEP
{step}
Without an answer by {until} it ends without being sent.

Why we ask:
{reasons}
{noticed}
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
    "preview_again": (
        "[{organisation}] {name} still waits to be released (NOT sent)",
        """The alert {name} still waits, and has not been sent to anybody.

NEXT STEP
{step}
Without an answer by {until} it ends without being sent.

Why we ask:
{reasons}
{noticed}
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
        """The alert {name} has ended already and cannot be stopped any more.

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

SIGNATURE = """--
{organisation} {contact}"""

LAST_TODAY = """Note: this is the last such mail to this address today. Please send new requests tomorrow.

"""

UNDER_FIVE = "fewer than 5"
UNDER_FIVE_EACH = "(fewer than 5 each)"
READERS_OF = "{count} (those who got {first})"
COUNT = "{count}"
EVERYTHING = "all"
DATE = "{0:%-d %B %Y}"
MOMENT = "{0:%-d %B %Y, %H:%M}"
ENDED = {"relayed": "is complete", "expired": "ended at its time limit", "stopped": "was stopped"}
ATTACHMENTS_LEFT_OUT = "Note: attachments are not sent ({count} left out).\n"
RESEMBLES = "Note: {name} with the same text has been sent already.\n"
STOPPED_FIRST = "Note: the rest of {name} is stopped ({unreached} without a copy).\n"
OUR_WORDS = "Note: it went out in standard words: yours would expose somebody, or your mail's key is new.\n"
STOPPED_HELD = "Note: {name}, which was waiting, is withdrawn.\n"
NOTICED = '\nWhat we noticed (to correct it, reply "cancel" and send the corrected text anew):\n{list}\n'
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
CHANGE_SETS = "Your districts will be: {districts}"
CHANGE_ADDS = "To add: {districts}"
CHANGE_REMOVES = "To remove: {districts}"
STATUS_PSEUDONYM = "Your name in the audit log: {pseudonym} (once you leave, it is nobody's)"
STATUS_SUSPENDED = "Alerts: suspended, since several did not reach you"
STATUS_ASKED = "Waiting for your answer: {requests} (they end by themselves)"
REQUESTS = {
    "subscribe": "registering",
    "leave": "leaving",
    "change": "a change",
    "renew": "going on next year",
    "form": "choosing districts",
}
BETWEEN = ", "
STATUS_YEAR = "Districts: {districts} (until {until})"
WAYS = {"reply": "by reply", "form": "by a reply naming districts", "proven": "by your mail"}
CARRIERS = {
    "docomo": """
---- To let our mail through at docomo ----
In the docomo mail settings choose "受信リスト／拒否リスト設定" and add
{domain} to the domains to be received.
""",
    "au": """
---- To let our mail through at au and UQ mobile ----
In the mail settings choose "迷惑メールフィルター設定", then "受信リスト設定",
and add {domain} as a matching domain.
""",
    "softbank": """
---- To let our mail through at SoftBank and Y!mobile ----
In My SoftBank (or My Y!mobile) choose the mail settings, then "迷惑メール対策",
and add {domain} to the list of permitted senders.
""",
}
CHOOSE = "(please fill in)"
YES = "yes"
FIELD_NAMES = {
    name: name
    for name in (
        *("District", "Consent", "Category", "Victim-Consent", "Expires", "Drill"),
        *("Update", "Correction", "Cancellation", "Resolved"),
    )
}

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
