"""The words with which mail servers refuse, by what they mean. Tables only; lower case, blanks folded to one.

All patterns take time in proportion to the text: none repeats within a repetition, and gaps are bounded.
"""

from handlers.reports.patterns import any_of, table

# A server that names the reader's choice, their account, us or our letter: looked for before the words for "unknown".
BEFORE_UNKNOWN = table(
    r"""
mailboxfull:
    \b(?:over|exceed\w{0,9}|above|out of|beyond)\b.{0,30}\b(?:quota|storage|space)\b
    quota.{0,40}(?:exceed|full|violat|over\b)
    (?:mail ?(?:box|folder|spool|drop|file)|inbox|account|user)\b.{0,50}<is> (?:\w{1,20} )?full\b
    (?:full mailbox|mailbox full|mailbox_full|mailboxfull|mailbox is full|mbox full)
    (?:not enough|insufficient|no more|no|lack of) (?:\w{1,30} )?(?:storage |disk |mailbox )?space
    (?:mailbox|storage|account).{0,60}(?:exceed|reached).{0,40}(?:limit|quota|size|maximum|allocation|storage)
    exceeded storage allocation|space has been used up|too much mail data|too many messages on the server
    receiving limits|exceeds allowed size|disk quota|userdisk quota|over ?quota|bo[iî]te du destinataire pleine
    buz[oó]n.{0,20}lleno|postfach.{0,20}voll|casella.{0,20}piena|メールボックス.{0,12}(?:一杯|いっぱい|容量)|容量.{0,6}(?:超|オーバー)
exceedlimit:
    [45]\.2\.3\b|message length exceeds|message size exceeds (?:the )?(?:recipient|mailbox)
mesgtoobig:
    (?:message|mail|body|content|attachment).{0,30}(?:too (?:big|large)|size exceed|larger than)
    (?:message|mail|body|content|attachment).{0,30}exceed\w{0,9}.{0,30}size
    size.{0,30}(?:exceed|too (?:big|large))|maximum (?:message|mail) size|message is over|recipsizelimit
    exceeded maximum inbound message size|line limit exceeded
suspend:
    <mailbox>.{0,60}(?:suspend|disabled|de-?activated|frozen|expired|terminated|closed)
    <mailbox>.{0,60}(?:<is> (?:temporarily )?locked|temporarily (?:limited|blocked))
    (?:suspended|disabled|inactive|deactivated|expired|locked|frozen) (?:account|mailbox|user|recipient)
    (?:account|mailbox|user|recipient|address).{0,30}(?:is|was|been) (?:\w{1,30} )?(?:inactive|archived|dormant)
    temporarily inactive|invalid/inactive user|user suspended|bo[iî]te du destinataire archiv[eé]e
    suspend the service|[45]\.2\.1 .{0,60}(?:disabled|inactive|suspend)|access denied.{0,20}suspended
hasmoved:
    has (?:been )?(?:moved|replaced|changed) (?:to|by|address|e?-?mail)|user has moved|has moved to
    recipient has moved|address has been (?:changed|replaced)|new e?-?mail address is|please use the new
norelaying:
    relay(?:ing)? (?:access |of mail )?(?:<is> )?(?:not (?:permitted|allowed|authori[sz]ed)|<blocked>|denied)
    relay(?:ing)? (?:<is> )?(?:prohibited|restricted|disabled)
    (?:unable|not (?:allowed|permitted|authori[sz]ed)|cannot|can't|refused?|denied|will not) (?:to )?(?:mail )?relay
    no relay(?:ing)?\b|not an open relay|open relay|insecure mail relay|relaytest|not local host
    isn't in my list of allowed rcpthosts|is not in my list of allowed|we do not relay|relay not|as a relay
    domain isn't allowed to be relayed
    mail server requires authentication when attempting to send to a non-local|user not local; please try
filtered:
    recipient preferences|rcp-p[0-9]|only accept\w{0,9} (?:mail|messages|e-?mail)s? from|resolver\.rst\.notauth
    is not accepting any mail|blocked by the recipient|refuse to receive|restricted sms|user reject
    this account is protected by|due to extended inactivity|bounced address|badrcptto list|in my badrecipientto
    cannot route mail to user|domain[ -]filter|受信(?:拒否|制限)
virusdetected:
    virus|malware|infected (?:message|file)|dangerous (?:file|content)|executable attachment
authfailure:
    \bdmarc\b|\bspf\b.{0,60}(?:fail|not allowed|check|record|invalid|unauth)
    dkim.{0,40}(?:fail|invalid|not|require)|unauthenticated (?:e?-?mail|message)|not authenticated
    sender policy framework|this mail has been blocked because the sender is unauthenticated|arc[- ]signature
requireptr:
    \bptr\b|reverse (?:dns|mapping|lookup|hostname)|cannot (?:find|resolve) (?:your|the) (?:reverse|hostname)
    no reverse|does not resolve|fix reverse dns|unresolvable (?:relay )?host|ip name lookup failed
speeding:
    rate limit|too fast|too many (?:messages|emails|e-mails|mails|recipients (?:in|from)|errors)|throttl
    sending (?:rate|limit|quota)|receiving mail at a rate|slow down|exceeded the (?:maximum )?(?:rate|hourly)
    high volume|too frequent|excessive (?:rate|messages)|daily (?:sending )?(?:limit|quota)
toomanyconn:
    too many (?:concurrent |simultaneous |open |smtp |active )*(?:connections|sessions|recipients)
    connection (?:rate |count )?limit|concurrent (?:connection|session)|maximum (?:number of )?connections
    resolver\.adr\.reciplimit
spamdetected:
    \bspam(?:my|bot)?\b.{0,60}(?:detect|reject|filter|content|score|message|like|suspect|blocked)
    (?:detected|rejected|identified|classified|considered|looks like|suspected|blocked).{0,30}\b<spam>\b
    \b(?:as|is|be)\b.{0,30}\b<spam>\b
    unsolicited (?:mail|e?-?mail|bulk|commercial|message)|content rejected|spam (?:message|mail|content|score)
    message content (?:is )?(?:rejected|not accept)|spamassassin|high probability of spam|phishing
    blocked by (?:our )?(?:bulk )?e?-?mail filter
    message (?:was )?(?:filtered|refused) (?:by|due to) (?:content|spam)|suspicious(?: content)?|blacklisted url
    content (?:filter|policy)
badreputation:
    reputation|\bsenderscore|sender score|\bpoor\b.{0,20}\b(?:ip|domain)\b|cloudmark|low trust
blocked:
    (?:black|block|deny)[- ]?list|blackhole|\b(?:rbl|dnsbl)\b|spamhaus|spamcop|sorbs|barracudacentral
    senderbase|banned|unwanted messages have been sent
    \b(?:ip|client host|connection|server|network)\b.{0,50}<blocked>(?! by (?:a |the )?remote)
    \b(?:ip|client host|connection|server|network)\b.{0,50}(?:denied (?:by|due)|listed (?:in|at|by))
    (?:your|this) (?:access|ip|host|network|(?:mail )?server|message|connection).{0,60}<is> <blocked>
    weren't sent|blocked using|domain.{0,20}(?:is|was|been) (?:blocked|banned)|dynamic (?:ip|pool)
    not allowed to connect|connection (?:dropped|refused) by|refused to talk to me
    you are not (?:allowed|welcome)|go away|bad helo|helo.{0,30}(?:reject|invalid)|no smtp service here
    service unavailable; client host
policyviolation:
    (?:for|by|due to|because of|violat\w{0,9}|against|per|to) (?:\w{1,30} ){0,3}polic(?:y|ies)\b
    policy (?:reasons?|violation|reject|restriction|reject\w{0,9})|policy\b.{0,20}(?:prohibit|forbid|reject)
    illegal attachment|attachment.{0,40}(?:not allowed|blocked|prohibited|forbidden|rejected)
    (?:not|no) rfc ?[0-9]{3,4}|rfc ?[0-9]{3,4} compliant|mail (?:could|can)not be delivered.{0,20}policy
    protected by.{0,20}security|message (?:was )?rejected by recipients?
"""
)

UNKNOWN_USER = any_of(
    r"""
<mailbox>.{0,100}(?:not|n't) (?:be )?(?:a )?(?:known|found|exist|valid|local|recogni[sz]ed|listed|present)\b
<mailbox>.{0,100}(?:not|n't) (?:be )?(?:active|available|ok)\b
unknown (?:user|recipient|address|mailbox|account|local|e-?mail|e mail|or illegal alias|alias|addressee)
<mailbox>(?: <?[^<> ]{1,250}>?)?,?:? ?(?:<is> )?(?:unknown|invalid|undeliverable|unavaila?ble|non-?exist)\b
\b(?:no|not an?|isn't an?)(?: such| valid| known| active| local| mail){0,3} <mailbox>(?! <is> (?:full|over))
invalid (?:user|recipient|mailbox|address|account|final delivery user|local part|e-?mail|destination)
(?:<mailbox>|rcpt\b).{0,80}(?:not exist|doesn't exist|non-?existent|could(?: not|n't) be found)
<mailbox>.{0,80}no longer (?:valid|exists|accept|available|active|in use)
does(?:n't| not) have an? .{0,60}account|no one (?:here )?(?:at|by|with) (?:this|that)|no account by that
non-?existent (?:user|mailbox|account|recipient)|not our customer|bad (?:destination|recipient|address)
destination server rejected recipients|address rejected|addresses were unknown
recipient(?:s)? (?:was |were |is )?(?:rejected|refused|denied|not accepted|not ok|undeliverable)
recipient not|badrcptto|valid ?rcptto|no valid recipients|can't accept user|user missing home
recipient name is not recogni[sz]ed|unknown in virtual|mailbox (?:is )?(?:unavailable|inactive|invalid|not)
adr\.(?:ex)?recip\w{0,9}notfound|utilisateur inconnu|destinataire inconnu
usuario .{0,20}(?:desconocido|no existe)|no existe (?:dicha|ese|el)|unbekannter? (?:benutzer|empf)
utente (?:sconosciuto|simile)|destinataire invalide|ofr_?(?:spam_)?51[0-9]
envelope recipient has been denied|not in my valid|宛先不明|あて先不明
(?:宛先|あて先|アドレス|ユーザ).{0,20}(?:存在しま|存在しな|見つか(?:ら|り)|不明)
"""
)

# No server said this at RCPT or DATA: a directory or a local delivery that knows its own people.
OWN_DIRECTORY = any_of(
    r"""
not (?:uniquely )?(?:listed|found) in (?:\w{1,30} ){0,2}(?:domino|name (?:&|and) address|directory|address book)
domino ディレクトリ|\bno .{1,80} in name directory|sorry, no mailbox here by that name|vpopmail
recipient name is not recogni[sz]ed|unknown recipient:|unknown user:|invalid final delivery user
user unknown in (?:virtual|local|relay)|user unknown in .{1,60} table|unknown or illegal alias
no valid recipients for this mm|cannot find local user|no such user here.{0,20}mobile
adr\.(?:ex)?recip\w{0,9}notfound|unroute?able address|this mailbox does not exist|mail\.local: unknown
maildrop: invalid user|mailbox is not found|宛先不明|あて先不明
"""
)

UNKNOWN_HOST = any_of(
    r"""
\b(?:host|domain|server|hostname)\b.{0,60}(?:not|n't) (?:be )?(?:found|known|exist|resolve|reachable)\b
(?:unknown|no such|invalid|nonexistent|non-existent|illegal) (?:host|domain|mail domain|mail host)
(?:host|domain)(?: name)? (?:is )?(?:unknown|invalid|nonexistent)|couldn't find any host|nonexistentdomain
name or service not known|mx records? point to non-existent|no such domain
all host address lookups failed permanently|unroute?able (?:mail )?(?:address|domain)|domain must exist
remote domain doesn'?t exist|the account or domain may not exist
nxdomain|returned answer with no data|unable to resolve (?:the )?domain
unresolvable (?:address|domain)|host unreachable|no mail exchanger
"""
)

AFTER_UNKNOWN = table(
    r"""
rejected:
    sender.{0,60}(?:reject|denied|refused|invalid|not (?:accept|allowed|exist|verified|found)|unknown|must|spammer)
    sender.{0,60}(?:verify fail|verification)
    bogus mail from|mail from.{0,40}(?:reject|invalid|denied|not owned)|\bbatv\b|null sender
    empty envelope sender|backscatter|bounce ?deny|<> (?:invalid )?sender|emetteur invalide
    administrative prohibition|delivery not authori[sz]ed|not member|may not post
    not (?:allowed|authori[sz]ed|permitted) to (?:send|post)|access denied|permission to post|address rejected
    message refused
notaccept:
    (?:host|domain|server).{0,20}(?:does not|doesn't|not) accept(?:ing)? (?:any )?(?:e?-?mail|messages)|null ?mx
    no mx record found for domain|indicated no smtp service|reject all mail|name server: \.: host
    system not accepting network messages|does not receive mail
expired:
    has been frozen|was frozen on arrival|failing for a long time
    (?:in the queue|queued|been in).{0,20}too long|retry time(?:out)? (?:not reached|exceeded)|queue\.expired
    (?:delivery|message|envelope|mail).{0,20}(?:time )?(?:expired|timed out|timeout|time-out)
    not delivered within|aborted after|could not be delivered for (?:more|over|the (?:past|last))
    (?:connection|operation|session|conversation).{0,60}timed out|giving up|no response from
    (?:cannot|can't|unable to|could not|couldn't) (?:connect|open connection)|not reachable
    failed [0-9]+ attempts|delivery (?:is )?(?:being )?delayed|has been delayed|delayed mail
    for (?:past|the past|the last) [0-9.]+ hours|please try (?:again )?later|try again
    temporarily (?:deferred|unavailable|rejected)|gr[ea]ylist|not responding
networkerror:
    (?:mail|message|hop|routing|forwarding|possible).{0,30}\bloop|looping|loops? back|hop count|too many hops
    too many .?received|connection (?:refused|reset|lost|closed|dropped|failed|was)|network (?:error|is)
    no route|wasn't able to establish|lost connection|bad dns|dns (?:error|lookup|failure)|name service error
    host not reachable|no mx found|no valid route|unable to (?:route|lookup)|mxloopback|tls|handshake
    couldn't find (?:any )?(?:a )?route|malformed .{0,20}name server
systemfull:
    (?:disk|file system|filesystem|system|device).{0,20}full|no space left|system storage
systemerror:
    (?:local|server|system|internal|i/o|software|temporary|lmtp|database) (?:\w{1,30} ){0,2}(?:error|failure|problem)
    configuration (?:error|problem)
    misconfigur|not (?:configured|capable)|can'?t create|cannot (?:open|write|create)|interrupted system call
    resources temporarily|service (?:currently )?(?:un|not )available|unable to (?:use|process)|out of memory
    several matches found|delivery to (?:file|pipe)|ambiguous
"""
)

# Words that mean something in a server's answer, and nothing in a letter to people.
IN_ANSWERS = table(
    r"""
mailererror:
    x-unix|command (?:failed|died|output|line)|exit (?:status|code)|procmail|pipe to|returned error|maildrop:
contenterror:
    malformed|(?:bad|invalid) mime|(?:header|content|body).{0,30}(?:error|invalid|not allowed|missing)|8-?bit
securityerror:
    authentication|authori[sz]|authrequired|credentials|security|encrypt
syntaxerror:
    syntax|command (?:not|un)|bad sequence|unrecogni[sz]ed command|angle-brackets
"""
)

# That a letter failed at all, where nobody says why.
FAILED = any_of(
    r"""
(?:not|n't) (?:yet )?(?:be |been )?(?:delivered|received|sent|deliverable)\b
(?:unable|not able|failed|wasn't able|impossible) to (?:deliver|send|reach)|undeliver|non-?deliver
deliver\w{0,9} .{0,60}fail|fail\w{0,9} .{0,30}deliver
deliver(?:y|ing).{0,30}(?:problem|error|trouble|failure|aborted)|trouble delivering
returned (?:mail|to sender|message)|bounced|permanent (?:fatal )?errors?|did not receive this message
was rejected|rejected by|had (?:permanent )?(?:delivery|fatal) errors?|aborted after|is not accepted
could not send|not delivered|couldn't be delivered|error sending|wasn't delivered|has been failed
(?:送信|配信|配達|お届け|受信)(?:が|は)?(?:でき|出来)ませんでした|送信(?:に|は)?失敗|配信(?:に)?失敗|届け(?:でき|られ)ません|不達|エラーのため送信
"""
)
