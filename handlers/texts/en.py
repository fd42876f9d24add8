"""What we send to residents in English: a letter's name, its subject and its body; and words for all letters."""

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
}

SIGNATURE = """--
{organisation} {contact}"""

LAST_TODAY = """Note: this is the last such mail to this address today. Please send new requests tomorrow.

"""

EVERYTHING = "all"

DATE = "{0:%-d %B %Y}"

MOMENT = "{0:%-d %B %Y, %H:%M}"

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

YES = "yes"

FIELD_NAMES = {
    name: name
    for name in (
        *("District", "Consent", "Category", "Victim-Consent", "Expires", "Drill"),
        *("Update", "Correction", "Cancellation", "Resolved"),
    )
}
