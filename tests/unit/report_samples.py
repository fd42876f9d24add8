"""Reports as mail systems write them, made up after their manuals and their habits: who writes, what, and what it means."""

QMAIL = "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n"
GAVE_UP = "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered "
    "to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
)
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"
RETURNED = "\n--- Below this line is a copy of the message.\n\nReturn-Path: <a@gw.example>\nSubject: user unknown\n"

# name: (From, Subject, text, reason, permanent)
SAMPLES: dict[str, tuple[str, str, str, str, bool]] = {
    "qmail, refused at RCPT": (
        DAEMON,
        "failure notice",
        QMAIL + GAVE_UP + "<neko@mail.example>:\n192.0.2.1 does not like recipient.\n"
        "Remote host said: 550 5.1.1 <neko@mail.example>... User Unknown\nGiving up on 192.0.2.1.\n" + RETURNED,
        "userunknown",
        True,
    ),
    "qmail, refused after DATA": (
        DAEMON,
        "failure notice",
        QMAIL + GAVE_UP + "<neko@mail.example>:\n192.0.2.1 failed after I sent the message.\n"
        "Remote host said: 550 Unknown user neko@mail.example\n" + RETURNED,
        "filtered",
        False,
    ),
    "qmail, own mailbox": (
        DAEMON,
        "failure notice",
        QMAIL + GAVE_UP + "<neko@mail.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n" + RETURNED,
        "userunknown",
        True,
    ),
    "qmail, no such host": (
        DAEMON,
        "failure notice",
        QMAIL + GAVE_UP + "<neko@mail.example>:\nSorry, I couldn't find any host named mail.example. (#5.1.2)\n",
        "hostunknown",
        True,
    ),
    "qmail, no answer for a week": (
        DAEMON,
        "failure notice",
        QMAIL + "<neko@mail.example>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
        "I'm not going to try again; this message has been in the queue too long.\n" + RETURNED,
        "expired",
        False,
    ),
    "qmail, over quota": (
        DAEMON,
        "failure notice",
        QMAIL + GAVE_UP + "<neko@mail.example>:\nThe users mailfolder is over the allowed quota (size). (#5.2.2)\n",
        "mailboxfull",
        False,
    ),
    "Exim, refused at RCPT": (
        DAEMON,
        "Mail delivery failed: returning message to sender",
        EXIM + "  neko@mail.example\n    SMTP error from remote mail server after RCPT TO:<neko@mail.example>:\n"
        "    host mx.mail.example [192.0.2.1]: 550 5.1.1 <neko@mail.example>... User Unknown\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <a@gw.example>\n",
        "userunknown",
        True,
    ),
    "Exim, unroutable": (
        DAEMON,
        "Mail delivery failed: returning message to sender",
        EXIM + "  neko@nowhere.example\n    Unrouteable address\n\n------ This is a copy of the message ------\n",
        "hostunknown",
        True,
    ),
    "Exim, retried for days": (
        DAEMON,
        "Mail delivery failed: returning message to sender",
        EXIM + "  neko@mail.example\n    retry timeout exceeded\n",
        "expired",
        False,
    ),
    "Exim, still trying": (
        DAEMON,
        "Warning: message 1abcde-0000XX-2A delayed 24 hours",
        "This message was created automatically by mail delivery software.\nA message that you sent has not yet been "
        "delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\n"
        "No action is required on your part. Delivery attempts will continue for\nsome time, and this warning may be "
        "repeated at intervals.\n",
        "expired",
        False,
    ),
    "Exim, blocked by a list": (
        DAEMON,
        "Mail delivery failed: returning message to sender",
        EXIM + "  neko@mail.example\n    SMTP error from remote mail server after end of data:\n    host mx.mail.example "
        "[192.0.2.1]: 554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.example.org\n",
        "blocked",
        False,
    ),
    "GMX": (
        "<mailer-daemon@gmx.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"
        '"neko@mail.example":\nSMTP error from remote server after RCPT command:\nhost: mx.mail.example\n'
        "5.1.1 <neko@mail.example>... User Unknown\n",
        "userunknown",
        True,
    ),
    "Domino": (
        "Postmaster@notes.example",
        "DELIVERY FAILURE: User neko (neko@notes.example) not listed in Domino Directory",
        "Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  neko@notes.example\n\nbecause:\n\n"
        "  User neko (neko@notes.example) not listed in Domino Directory\n",
        "userunknown",
        True,
    ),
    "Notes": (
        "MAILER-DAEMON@notes.example",
        "Undeliverable message",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nneko@notes.example\n\n"
        "------- Returned Message --------\n\nReceived: by x\n",
        "userunknown",
        True,
    ),
    "Exchange 5.5, in the words of X.400": (
        "System Administrator <postmaster@mail.example>",
        "Undeliverable: x",
        "Your message\n\n  To:      neko@mail.example\n  Subject: x\n\ndid not reach the following recipient(s):\n\n"
        "neko@mail.example on Thu, 29 Apr 2007 16:51:51 -0500\n    The recipient name is not recognized\n\tThe MTS-ID of "
        "the original message is: c=jp;a= ;p=example;l=EXCHANGE0000\n    MSEXCH:IMS:NEKO:EXAMPLE:EXCHANGE 3550 (000B09B6)\n",
        "userunknown",
        True,
    ),
    "Exchange 2007": (
        "postmaster@mail.example",
        "Undeliverable: x",
        "Delivery has failed to these recipients or distribution lists:\n\nneko@mail.example\nThe recipient's e-mail "
        "address was not found in the recipient's e-mail system.\n\nDiagnostic information for administrators:\n\n"
        "Generating server: mail.example\n\nneko@mail.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n",
        "userunknown",
        True,
    ),
    "Exchange 2007, full": (
        "postmaster@mail.example",
        "Undeliverable: x",
        "Delivery has failed to these recipients or groups:\n\nneko@mail.example\nThe recipient's mailbox is full and "
        "can't accept messages now.\n\nneko@mail.example\n#554 5.2.2 mailbox full; STOREDRV.Deliver ##\n",
        "mailboxfull",
        False,
    ),
    "Gmail of old": (
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     neko@mail.example\n\nTechnical details of "
        "permanent failure: \nGoogle tried to deliver your message, but it was rejected by the recipient domain. "
        "The error that the other server returned was: 550 550 5.1.1 <neko@mail.example>: Recipient address rejected: "
        "User unknown (state 14).\n\n----- Original message -----\n",
        "userunknown",
        True,
    ),
    "IMail": (
        "Postmaster <postmaster@mail.example>",
        "Undeliverable Mail",
        "Unknown user: neko@mail.example\n\n\nOriginal message follows.\n\nReceived: by x\n",
        "userunknown",
        True,
    ),
    "IMail, full": (
        "Postmaster <postmaster@mail.example>",
        "Undeliverable Mail",
        "User mailbox exceeds allowed size: neko@mail.example\n\nOriginal message follows.\n",
        "mailboxfull",
        False,
    ),
    "InterScan": (
        '"InterScan MSS" <postmaster@mail.example>',
        "Mail could not be delivered",
        "Sent >>> RCPT TO: <neko@mail.example>\nReceived <<< 550 5.1.1 <neko@mail.example>... user unknown\n\n"
        "Unable to deliver message to <neko@mail.example>\n",
        "userunknown",
        True,
    ),
    "m-FILTER": (
        "Mailer Daemon <MAILER-DAEMON@mail.example>",
        "failure notice",
        "mail.example\nMessage could not be delivered.\n\n-------server message\n550 5.1.1 unknown user "
        "<neko@mail.example>\n\n-------SMTP command\nRCPT TO <neko@mail.example>\n\n-------original message\n",
        "userunknown",
        True,
    ),
    "MailMarshal": (
        "postmaster@mail.example",
        'Undeliverable Mail: "x"',
        "Your message:\n   From:    a@gw.example\n   Subject: x\nCould not be delivered because of\n\n"
        "550 5.1.1 User unknown\n\nThe following recipients were affected: \n   neko@mail.example\n",
        "userunknown",
        True,
    ),
    "MailFoundry": (
        "MAILER-DAEMON@mail.example",
        "Message delivery has failed",
        "Unable to deliver message to: <neko@mail.example>\nDelivery failed for the following reason:\nServer "
        "mx.mail.example[192.0.2.1] failed with: 552 5.2.2 Mailbox full\n\nThis has been a permanent failure.\n",
        "mailboxfull",
        False,
    ),
    "Zoho": (
        "mailer-daemon@zoho.example",
        "Undelivered Mail Returned to Sender",
        "This message was created automatically by mail delivery software.\n A message that you sent could not be "
        "delivered to one or more of its recipients. This is a permanent error. \n\nneko@mail.example Invalid Address, "
        "ERROR_CODE :550, ERROR_CODE :5.1.1 <neko@mail.example>... User Unknown\n",
        "userunknown",
        True,
    ),
    "OpenSMTPD": (
        "Mailer Daemon <MAILER-DAEMON@mail.example>",
        "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while "
        "attempting to deliver a message for\n    the following list of recipients:\n\nneko@mail.example: 550 5.2.2 "
        "<neko@mail.example>... Mailbox Full\n\n    Below is a copy of the original message:\n",
        "mailboxfull",
        False,
    ),
    "DragonFly": (
        DAEMON,
        "Mail delivery failed",
        "This is the DragonFly Mail Agent v0.9 at mail.example.\n\nThere was an error delivering your mail to "
        "<neko@mail.example>.\n\nmx.mail.example [192.0.2.1] did not like our RCPT TO:\n550 5.1.1 <neko@mail.example>: "
        "Recipient address rejected: User unknown\n\nMessage headers follow.\n",
        "userunknown",
        True,
    ),
    "Courier": (
        "courier mail server at mail.example <postmaster@mail.example>",
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from mail.example,\nrunning the Courier mail server.\n\nThe original "
        "message was received from gw.example.\n\n<neko@mail.example>:\n     mx.mail.example [192.0.2.1]:\n"
        " >>> RCPT TO:<neko@mail.example>\n <<< 550 5.1.1 <neko@mail.example>... User Unknown\n",
        "userunknown",
        True,
    ),
    "Sendmail 5": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mail.example>",
        "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\nWhile talking to mx.mail.example:\n>>> RCPT To:<neko@mail.example>\n"
        "<<< 550 <neko@mail.example>... User unknown\n550 neko@mail.example... User unknown\n\n"
        "   ----- Unsent message follows -----\nReceived: by x\n",
        "userunknown",
        True,
    ),
    "James": (
        "postmaster@james.example",
        "[BOUNCE]",
        "This message has failed to be delivered.\n\nError message below:\n550 - Requested action not taken: no such "
        "user here\n\nMessage details:\n  Subject: x\n",
        "filtered",
        False,
    ),
    "a phone's gateway": (
        "post_master@phone.example",
        "Undeliverable Message",
        "Message could not be delivered to mobile.\nError: No valid recipients for this MM\n",
        "userunknown",
        True,
    ),
    "au, full": (
        "no-reply@phone.example",
        "メールエラー通知",
        "送信先のメールボックスが一杯のため、送信できませんでした。\n",
        "mailboxfull",
        False,
    ),
    "Postfix, in Japanese hands": (
        "MAILER-DAEMON@mail.example",
        "配信不能のお知らせ",
        "メールを配信できませんでした。\n宛先が存在しません。\n",
        "filtered",
        False,
    ),
    "a directory in Japanese": (
        "Postmaster@notes.example",
        "DELIVERY FAILURE",
        "was not delivered to:\n\n  neko@notes.example\n\nbecause:\n\n  Domino ディレクトリには見つかりません\n",
        "userunknown",
        True,
    ),
    "a filter at its reader's wish": (
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "<neko@mail.example>: host mx.mail.example[192.0.2.1] said: 550 5.1.1 RCP-P2 Refused due to recipient preferences "
        "(in reply to RCPT TO command)\n",
        "filtered",
        False,
    ),
    "one who left": (
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "<neko@mail.example>: host mx.mail.example[192.0.2.1] said: 551 not our customer (in reply to RCPT TO command)\n",
        "userunknown",
        True,
    ),
    "spam, they say": (
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "<neko@mail.example>: host mx.mail.example[192.0.2.1] said: 554 5.7.1 Message rejected as spam by Content "
        "Filtering. (in reply to end of DATA command)\n",
        "spamdetected",
        False,
    ),
    "a disabled account": (
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "<neko@mail.example>: host mx.mail.example[192.0.2.1] said: 550 5.2.1 The email account that you tried to reach "
        "is disabled. (in reply to RCPT TO command)\n",
        "suspend",
        False,
    ),
    "greylisting that did not end": (
        DAEMON,
        "Undelivered Mail Returned to Sender",
        "<neko@mail.example>: host mx.mail.example[192.0.2.1] said: 451 4.7.1 Greylisting in action, please come back "
        "later (in reply to RCPT TO command)\n",
        "expired",
        False,
    ),
    "a list that is not for us": (
        "fml-admin@list.example",
        "NOT MEMBER article from a@gw.example",
        "Sorry, you are not member. Your article is not accepted: only members may post.\n",
        "rejected",
        False,
    ),
}
