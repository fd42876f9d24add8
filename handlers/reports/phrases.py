"""The words with which mail servers refuse, by what they mean. Tables only; lower case, blanks folded to one.

Each pattern takes time in proportion to the text: no pattern repeats within a repetition, and gaps are bounded.
"""

import re

Table = tuple[tuple[str, re.Pattern[str]], ...]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# A server that names the person's own choice or account; it goes before the words for "unknown".
BEFORE_UNKNOWN: Table = (
    (
        "mailboxfull",
        _any(
            r"(?:over|exceed\w{0,9}|above|out of|beyond) (?:its |their |his |the |allowed |disk |mailbox |storage |mail |"
            r"user )*(?:quota|storage|space|disk space)",
            r"quota.{0,40}(?:exceed|full|violat|over\b)",
            r"(?:mailbox|mail box|inbox|mailfolder|mail folder|mail spool|maildrop|mailfile|mail file|account|user)"
            r".{0,40}(?:is|was|are) (?:almost |currently |temporarily |too )?full\b",
            r"(?:full mailbox|mailbox full|mailbox_full|mailboxfull|mailbox is full|mbox full)",
            r"(?:not enough|insufficient|no more|no|lack of) (?:\w{1,30} )?(?:storage |disk |mailbox )?space",
            r"(?:mailbox|storage|account).{0,60}(?:exceed\w{0,9}|would exceed|reached).{0,40}"
            r"(?:limit|quota|size|maximum|allocation|storage)",
            r"exceeded storage allocation|space has been used up|too much mail data|too many messages on the server",
            r"receiving limits|exceeds allowed size|disk quota|userdisk quota|over ?quota",
            r"bo[iî]te du destinataire pleine|buz[oó]n.{0,20}lleno|postfach.{0,20}voll|casella.{0,20}piena",
            r"メールボックス.{0,12}(?:一杯|いっぱい|容量)|容量.{0,6}(?:超|オーバー)",
        ),
    ),
    (
        "exceedlimit",
        _any(r"[45]\.2\.3\b", r"message length exceeds|message size exceeds (?:the )?(?:recipient|mailbox)"),
    ),
    (
        "mesgtoobig",
        _any(
            r"(?:message|mail|email|e-mail|body|content|attachment).{0,30}(?:too (?:big|large)|size exceed|"
            r"exceed\w{0,9}.{0,30}size|larger than)",
            r"size.{0,30}(?:exceed|too (?:big|large))|maximum (?:message|mail) size|message is over|recipsizelimit",
            r"exceeded maximum inbound message size|line limit exceeded",
        ),
    ),
    (
        "suspend",
        _any(
            r"(?:account|mailbox|user|recipient|address)(?:\(s\))?.{0,60}(?:suspend|disabled|deactivated|de-activated|"
            r"frozen|(?:is|been) (?:temporarily )?locked|expired|terminated|closed|temporarily (?:limited|blocked))",
            r"(?:suspended|disabled|inactive|deactivated|expired|locked|frozen) (?:account|mailbox|user|recipient)",
            r"(?:account|mailbox|user|recipient|address).{0,30}(?:is|was|been) (?:\w{1,30} )?(?:inactive|archived|dormant)",
            r"temporarily inactive|invalid/inactive user|user suspended|bo[iî]te du destinataire archiv[eé]e",
            r"suspend the service|[45]\.2\.1 .{0,60}(?:disabled|inactive|suspend)|access denied.{0,20}suspended",
        ),
    ),
    (
        "hasmoved",
        _any(
            r"has (?:been )?(?:moved|replaced|changed) (?:to|by|address|e?-?mail)|user has moved|has moved to|"
            r"recipient has moved|address has been (?:changed|replaced)|new e?-?mail address is|please use the new",
        ),
    ),
    (
        "norelaying",
        _any(
            r"relay(?:ing)? (?:access |is |was |of mail )?(?:not (?:permitted|allowed|authori[sz]ed)|denied|prohibited|"
            r"refused|blocked|restricted|disabled)",
            r"(?:unable|not allowed|not permitted|cannot|can't|refuse|refused|denied|will not|not authori[sz]ed) "
            r"(?:to )?(?:mail )?relay|no relay(?:ing)?\b|not an open relay|open relay|insecure mail relay|"
            r"relaytest|not local host|isn't in my list of allowed rcpthosts|is not in my list of allowed",
            r"we do not relay|relay not|as a relay|domain isn't allowed to be relayed|mail server requires "
            r"authentication when attempting to send to a non-local|user not local; please try",
        ),
    ),
    (
        "filtered",
        _any(
            r"recipient preferences|rcp-p[0-9]|only accept\w{0,9} (?:mail|messages|e-?mail)s? from|resolver\.rst\.notauth",
            r"is not accepting any mail|blocked by the recipient|refuse to receive|restricted sms|user reject",
            r"this account is protected by|due to extended inactivity|bounced address|badrcptto list|"
            r"in my badrecipientto|cannot route mail to user|domain[ -]filter|受信(?:拒否|制限)",
        ),
    ),
    (
        "virusdetected",
        _any(r"virus|malware|infected (?:message|file)|dangerous (?:file|content)|executable attachment"),
    ),
    (
        "authfailure",
        _any(
            r"\bdmarc\b|\bspf\b.{0,60}(?:fail|not allowed|check|record|invalid|unauth)|dkim.{0,40}(?:fail|invalid|not|"
            r"require)|unauthenticated (?:e?-?mail|message)|not authenticated|sender policy framework|"
            r"this mail has been blocked because the sender is unauthenticated|arc[- ]signature",
        ),
    ),
    (
        "requireptr",
        _any(
            r"\bptr\b|reverse (?:dns|mapping|lookup|hostname)|cannot (?:find|resolve) (?:your|the) (?:reverse|hostname)|"
            r"no reverse|does not resolve|fix reverse dns|unresolvable (?:relay )?host|ip name lookup failed",
        ),
    ),
    (
        "speeding",
        _any(
            r"rate limit|too fast|too many (?:messages|emails|e-mails|mails|recipients (?:in|from)|errors)|throttl|"
            r"sending (?:rate|limit|quota)|receiving mail at a rate|slow down|exceeded the (?:maximum )?(?:rate|hourly)|"
            r"high volume|too frequent|excessive (?:rate|messages)|daily (?:sending )?(?:limit|quota)",
        ),
    ),
    (
        "toomanyconn",
        _any(
            r"too many (?:concurrent |simultaneous |open |smtp |active )*(?:connections|sessions|recipients)|"
            r"connection (?:rate |count )?limit|concurrent (?:connection|session)|maximum (?:number of )?connections|"
            r"resolver\.adr\.reciplimit",
        ),
    ),
    (
        "spamdetected",
        _any(
            r"\bspam(?:my|bot)?\b.{0,60}(?:detect|reject|filter|content|score|message|like|suspect|blocked)|"
            r"(?:detected|rejected|identified|classified|considered|looks like|as|is|suspected|be|blocked).{0,30}"
            r"\b(?:spam|ube|uce|junk|unsolicited|bulk e?-?mail|bulk mail)\b",
            r"unsolicited (?:mail|e?-?mail|bulk|commercial|message)|content rejected|spam (?:message|mail|content|"
            r"score)|message content (?:is )?(?:rejected|not accept)|spamassassin|high probability of spam|phishing|"
            r"blocked by (?:our )?(?:bulk )?e?-?mail filter|message (?:was )?(?:filtered|refused) (?:by|due to) "
            r"(?:content|spam)|suspicious(?: content)?|blacklisted url|content (?:filter|policy)",
        ),
    ),
    (
        "badreputation",
        _any(r"reputation|\bsenderscore|sender score|\bpoor\b.{0,20}\b(?:ip|domain)\b|cloudmark|low trust"),
    ),
    (
        "blocked",
        _any(
            r"(?:blacklist|black list|blocklist|block list|blackhole|denylist|black-list|\brbl\b|\bdnsbl\b|spamhaus|"
            r"spamcop|sorbs|barracudacentral|senderbase|banned|unwanted messages have been sent)",
            r"\b(?:ip|ip address|client host|connection|server|network|sender ip)\b"
            r".{0,40}(?:blocked|rejected|refused|denied (?:by|due)|banned|listed (?:in|at|by))(?! by (?:a |the )?remote)",
            r"(?:your|this) (?:access|ip|host|network|server|mail server|message|connection).{0,60}(?:is|was|been) "
            r"(?:blocked|banned|refused|rejected)|weren't sent|blocked using|domain.{0,20}(?:is|was|been) (?:blocked|banned)|dynamic (?:ip|pool)|not allowed to connect|"
            r"connection (?:dropped|refused) by|refused to talk to me|you are not (?:allowed|welcome)|go away|"
            r"bad helo|helo.{0,30}(?:reject|invalid)|no smtp service here|service unavailable; client host",
        ),
    ),
    (
        "policyviolation",
        _any(
            r"(?:for|by|due to|because of|violat\w{0,9}|against|per|to) (?:\w{1,30} ){0,3}polic(?:y|ies)\b|policy "
            r"(?:reasons?|violation|reject|restriction|reject\w{0,9})|policy\b.{0,20}(?:prohibit|forbid|reject)",
            r"illegal attachment|attachment.{0,40}(?:not allowed|blocked|prohibited|forbidden|rejected)|"
            r"(?:not|no) rfc ?[0-9]{3,4}|rfc ?[0-9]{3,4} compliant|mail (?:could|can)not be delivered.{0,20}policy|"
            r"protected by.{0,20}security|message (?:was )?rejected by recipients?",
        ),
    ),
)

UNKNOWN_USER = _any(
    r"(?:user|recipient|mailbox|mail box|account|address|addressee|local ?part|e-?mail|alias|person|spectator)\b.{0,100}"
    r"(?:not|n't) (?:be )?(?:a )?(?:known|found|exist|valid|local|recogni[sz]ed|listed|present|active|available|ok)\b",
    r"unknown (?:user|recipient|address|mailbox|account|local|e-?mail|e mail|or illegal alias|alias|addressee)",
    r"(?:user|recipient|mailbox|account|address|addressee|e-?mail address|alias)(?: <?[^<> ]{1,250}>?)?,?:? ?"
    r"(?:is |was )?(?:unknown|invalid\b|undeliverable|unavailable|unavaiable|nonexist|non-exist)",
    r"(?:no|not a|not a valid|isn't a|is not a|is not an|not an?)(?: such| valid| known| active| local| mail)* "
    r"(?:user|recipient|mailbox|mail box|account|address|person|addressee|inbox)\b(?! (?:in|is) (?:full|over))",
    r"invalid (?:user|recipient|mailbox|address|account|final delivery user|local part|e-?mail|destination)",
    r"(?:user|account|mailbox|recipient|address|rcpt|that tried).{0,80}(?:does not exist|doesn't exist|do not exist|"
    r"not exist|non-?existent|was not found|could not be found|couldn't be found|no longer (?:valid|exists|accept|"
    r"available|active|in use))",
    r"does(?:n't| not) have an? .{0,60}account|no one (?:here )?(?:at|by|with) (?:this|that)|no account by that|"
    r"non-?existent (?:user|mailbox|account|recipient)|not our customer|bad (?:destination|recipient|address)|"
    r"destination server rejected recipients|address rejected|addresses were unknown|recipient(?:s)? "
    r"(?:was |were |is )?(?:rejected|refused|denied|not accepted|not ok|undeliverable)|recipient not|"
    r"badrcptto|valid ?rcptto|no valid recipients|can't accept user|user missing home|"
    r"recipient name is not recogni[sz]ed|unknown in virtual|mailbox (?:is )?(?:unavailable|inactive|invalid|not)|"
    r"adr\.(?:ex)?recip\w{0,9}notfound|resolver\.adr|utilisateur inconnu|destinataire inconnu|usuario .{0,20}"
    r"(?:desconocido|no existe)|no existe (?:dicha|ese|el)|unbekannter? (?:benutzer|empf)|utente (?:sconosciuto|simile)|"
    r"destinataire invalide|ofr_?(?:spam_)?51[0-9]|envelope recipient has been denied|not in my valid",
    r"宛先不明|あて先不明|(?:宛先|あて先|アドレス|ユーザ).{0,20}(?:存在しま|存在しな|見つか(?:ら|り)|不明)",
)

# No server said this at RCPT or DATA: a directory or a local delivery that knows its own people.
OWN_DIRECTORY = _any(
    r"not (?:uniquely )?(?:listed|found) in (?:\w{1,30} ){0,2}(?:domino|name & address|name and address|directory|address book|"
    r"nab)|domino ディレクトリ|\bno .{1,80} in name directory|sorry, no mailbox here by that name|"
    r"vpopmail|recipient name is not recogni[sz]ed|unknown recipient: |unknown user: |invalid final delivery user|"
    r"user unknown in (?:virtual|local|relay)|user unknown in .{1,60} table|unknown or illegal alias|"
    r"no valid recipients for this mm|cannot find local user|no such user here.{0,20}mobile|adr\.(?:ex)?recip\w{0,9}notfound|"
    r"unroute?able address|this mailbox does not exist|mail\.local: unknown|maildrop: invalid user|"
    r"mailbox is not found|宛先不明|あて先不明",
)

UNKNOWN_HOST = _any(
    r"\b(?:host|domain|server|hostname|name server)\b.{0,60}(?:not|n't) (?:be )?(?:found|known|exist|resolve|reachable)\b",
    r"(?:unknown|no such|invalid|nonexistent|non-existent|illegal) (?:host|domain|mail domain|mail host)|"
    r"(?:host|domain)(?: name)? (?:is )?(?:unknown|invalid|nonexistent)|couldn't find any host|"
    r"nonexistentdomain|name or service not known|mx records? point to non-existent|no such domain|"
    r"all host address lookups failed permanently|unroute?able (?:mail )?(?:address|domain)|domain must exist|"
    r"remote domain doesn'?t exist|the account or domain may not exist|nxdomain|unable to resolve (?:the )?domain|"
    r"unresolvable (?:address|domain)|host unreachable|no mail exchanger",
)

AFTER_UNKNOWN: Table = (
    (
        "rejected",
        _any(
            r"sender.{0,60}(?:reject|denied|refused|not accept|invalid|not (?:allowed|exist|verified|found)|verify fail|"
            r"verification|unknown|must|spammer)|bogus mail from|mail from.{0,40}(?:reject|invalid|denied|not owned)",
            r"\bbatv\b|null sender|empty envelope sender|backscatter|bounce ?deny|<> (?:invalid )?sender|emetteur invalide|"
            r"administrative prohibition|delivery not authori[sz]ed|not member|may not post|not (?:allowed|authori[sz]ed|"
            r"permitted) to (?:send|post)|access denied|permission to post|address rejected|message refused",
        ),
    ),
    (
        "notaccept",
        _any(
            r"(?:host|domain|server).{0,20}(?:does not|doesn't|not) accept(?:ing)? (?:any )?(?:e?-?mail|messages)|"
            r"null ?mx|no mx record found for domain|indicated no smtp service|reject all mail|name server: \.: host|"
            r"system not accepting network messages|does not receive mail",
        ),
    ),
    (
        "expired",
        _any(
            r"(?:in the queue|queued|been in).{0,20}too long|retry time(?:out)? (?:not reached|exceeded)|queue\.expired|"
            r"(?:delivery|message|envelope|mail).{0,20}(?:time )?(?:expired|timed out|timeout|time-out)|"
            r"not delivered within|aborted after|could not be delivered for (?:more|over|the (?:past|last))|"
            r"(?:connection|operation|session|conversation).{0,60}timed out|giving up|no response from|"
            r"(?:cannot|can't|unable to|could not|couldn't) (?:connect|open connection)|not reachable|failed [0-9]+ attempts|"
            r"delivery (?:is )?(?:being )?delayed|has been delayed|delayed mail|for (?:past|the past|the last) [0-9.]+ hours|"
            r"please try (?:again )?later|try again|temporarily (?:deferred|unavailable|rejected)|gr[ea]ylist|not responding",
        ),
    ),
    (
        "networkerror",
        _any(
            r"(?:mail|message|hop|routing|forwarding|possible).{0,30}\bloop|looping|loops? back|hop count|too many hops|"
            r"too many .?received|connection (?:refused|reset|lost|closed|dropped|failed|was)|network (?:error|is)|no route|"
            r"wasn't able to establish|lost connection|bad dns|dns (?:error|lookup|failure)|name service error|"
            r"host not reachable|no mx found|no valid route|unable to (?:route|lookup)|mxloopback|tls|handshake|"
            r"couldn't find (?:any )?(?:a )?route|malformed .{0,20}name server",
        ),
    ),
    ("systemfull", _any(r"(?:disk|file system|filesystem|system|device).{0,20}full|no space left|system storage")),
    (
        "systemerror",
        _any(
            r"(?:local|server|system|internal|i/o|configuration|software|temporary|lmtp|database) (?:\w{1,30} ){0,2}(?:error|"
            r"failure|problem)|misconfigur|not (?:configured|capable)|can'?t create|cannot (?:open|write|create)|"
            r"interrupted system call|resources temporarily|service (?:currently )?(?:un|not )available|unable to (?:use|"
            r"process)|out of memory|several matches found|delivery to (?:file|pipe)|ambiguous",
        ),
    ),
)

# Words that mean something in a server's answer, and nothing in a letter to people.
IN_ANSWERS: Table = (
    (
        "mailererror",
        _any(r"x-unix|command (?:failed|died|output|line)|exit (?:status|code)|procmail|pipe to|returned error|maildrop:"),
    ),
    ("contenterror", _any(r"malformed|(?:bad|invalid) mime|(?:header|content|body).{0,30}(?:error|invalid|not allowed|missing)|8-?bit")),
    ("securityerror", _any(r"authentication|authori[sz]|authrequired|credentials|security|encrypt")),
    ("syntaxerror", _any(r"syntax|command (?:not|un)|bad sequence|unrecogni[sz]ed command|angle-brackets")),
)

# That a letter failed at all, where nobody says why.
FAILED = _any(
    r"(?:not|n't) (?:yet )?(?:be |been )?(?:delivered|received|sent|deliverable)\b",
    r"(?:unable|not able|failed|wasn't able|impossible) to (?:deliver|send|reach)|undeliver|non-?deliver|"
    r"deliver\w{0,9} .{0,60}fail|fail\w{0,9} .{0,30}deliver|deliver(?:y|ing).{0,30}(?:problem|error|trouble|failure|aborted)|"
    r"trouble delivering|returned (?:mail|to sender|message)|bounced|permanent (?:fatal )?errors?|"
    r"did not receive this message|was rejected|rejected by|had (?:permanent )?(?:delivery|fatal) errors?|"
    r"aborted after|is not accepted|could not send|not delivered|couldn't be delivered|error sending|wasn't delivered|has been failed",
    r"(?:送信|配信|配達|お届け|受信)(?:が|は)?(?:でき|出来)ませんでした|送信(?:に|は)?失敗|配信(?:に)?失敗|届け(?:でき|られ)ません|"
    r"不達|エラーのため送信",
)
