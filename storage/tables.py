"""The schema on one page. Each column says what it is: [sealed] opens only with its year's key, [blind] is a keyed
digest that only tells equal from unequal, [plain] says nothing about a person.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite numbers rows by itself only where the key is its own INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")

subscription = Table(
    "subscription",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),  # [plain] never used again (AUTOINCREMENT)
    Column("uuid", LargeBinary(16), nullable=False),  # [plain] random; what the seals of this row are bound to
    Column("year", Integer, nullable=False),  # [plain]
    Column("state", String(10), nullable=False),  # [plain] active | suspended
    Column("address_index", LargeBinary(32), nullable=False),  # [blind]
    Column("address", LargeBinary, nullable=False),  # [sealed]
    Column("districts", LargeBinary, nullable=False),  # [sealed] codes
    Column("consent", LargeBinary, nullable=False),  # [sealed] version, digest, time, way
    Column("pseudonym", String(32), nullable=False),  # [plain] random; dies with the row
    Column("audience_id", Number, ForeignKey("audience.id"), nullable=False),
    UniqueConstraint("year", "address_index"),
    Index("subscription_by_audience", "audience_id", "id"),
    Index("subscription_by_year", "year", "id"),
    sqlite_autoincrement=True,
)

# On how many days letters to a row failed (6.6). It dies with the row.
bounce = Table(
    "bounce",
    metadata,
    Column("subscription_id", Number, ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # [plain] gone | passing | full | other | probe
    Column("days", Integer, nullable=False),  # [plain]
    Column("last_on", Integer, nullable=False),  # [plain] the last of these days, in the town's calendar
)

# All who chose the very same districts. An alert finds its audiences, not its subscribers, so that counting and
# accepting cost what the town has of combinations, whatever the number of residents.
audience = Table(
    "audience",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("year", Integer, nullable=False),
    Column("set_index", LargeBinary(32), nullable=False),  # [blind] of the set of districts
    Column("active", Integer, nullable=False),  # [plain] how many active subscriptions
    UniqueConstraint("year", "set_index"),
)

audience_district = Table(
    "audience_district",
    metadata,
    Column("audience_id", Number, ForeignKey("audience.id", ondelete="CASCADE"), primary_key=True),
    Column("district_index", LargeBinary(32), primary_key=True),  # [blind]
    Index("audience_by_district", "district_index"),
)

# A district's registrants on their way to another code; a row while it lasts (8.5).
district_move = Table(
    "district_move",
    metadata,
    Column("old", String(64), primary_key=True),  # [plain] a code
    Column("new", String(64), nullable=False),  # [plain] a code
    Column("kind", String(8), nullable=False),  # [plain] rename | merge
    Column("begun_at", BigInteger, nullable=False),
)

# A request that waits for its token (confirm+, form+).
request = Table(
    "request",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("uuid", LargeBinary(16), nullable=False),
    Column("year", Integer, nullable=False),  # whose key seals it
    Column("kind", String(12), nullable=False),
    Column("state", String(10), nullable=False),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of 128 random bits
    Column("address_index", LargeBinary(32)),  # [blind] empty once erased
    Column("body", LargeBinary),  # [sealed] address, districts, years, terms; empty once erased
    Column("pseudonym", String(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # microseconds
    Column("known_until", BigInteger, nullable=False),
    Index("request_by_address", "address_index", "kind", "state"),
    Index("request_by_life", "known_until"),
)

letter = Table(
    "letter",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("uuid", LargeBinary(16), nullable=False),
    Column("year", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # [sealed] addressee, subject, text, token
    Column("urgent", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ready_at", BigInteger, nullable=False),
    Column("gives_up_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("probe_of", Number),  # [plain] the row that a probe asks after (6.7)
    Column("unhurried", Integer, nullable=False, server_default="0"),  # [plain] not at the full hour
    Column("second_way", Integer, nullable=False, server_default="0"),  # [plain] over [relay] fallback
    Index("letter_by_ready", "urgent", "ready_at"),
    sqlite_autoincrement=True,
)

alert = Table(
    "alert",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("uuid", LargeBinary(16), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("author", String(64), nullable=False),  # [plain] a staff id
    Column("organisation", Text, nullable=False),
    Column("category", String(64), nullable=False),
    Column("districts", Text, nullable=False),  # [plain] codes, of the alert
    Column("language", String(2), nullable=False),
    Column("body", LargeBinary, nullable=False),  # [sealed] subject and text
    Column("text_key", LargeBinary(32), nullable=False),  # [blind]
    Column("matched", Integer, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("release", String(8), nullable=False, server_default="direct"),  # [plain] direct | author | second
    Column("minutes", Integer),  # [plain] how long it is relayed after its release; empty: until expires_at
    Column("held_until", BigInteger),  # [plain] when a held alert is given up
    Column("reminded", Integer, nullable=False, server_default="0"),  # [plain] whether its readers were reminded
    Column("released_by", String(64)),  # [plain] a staff id
    Column("released_at", BigInteger),
    Column("relation", String(12)),  # [plain] update | correction | cancellation | resolved
    Column("follows_id", Number),  # [plain] the alert that it follows
    Column("priority", Integer, nullable=False, server_default="0"),  # [plain] 1: before all others
    UniqueConstraint("year", "number"),
    Index("alert_by_state", "state"),
    Index("alert_by_first", "follows_id"),
    Index("alert_by_author", "author", "accepted_at"),
)

# A range of subscription rows of one alert. The cursor moves in the transaction that records what became of them.
chunk = Table(
    "chunk",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("uuid", LargeBinary(16), nullable=False),
    Column("alert_id", Number, ForeignKey("alert.id", ondelete="CASCADE"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("first_id", Number, nullable=False),
    Column("last_id", Number, nullable=False),
    Column("source_id", Number),  # [plain] the chunk whose readers a follow-up goes to
    Column("cursor", Number, nullable=False),  # the last row that was tried; in a follow-up how many of its readers
    Column("ahead", Number, nullable=False, server_default="0"),  # up to where copies may be under way
    Column("state", String(10), nullable=False),  # open | done
    Column("ready_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("relayed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("handed", LargeBinary),  # [sealed] the rows handed over
    Column("exceptions", LargeBinary),  # [sealed] rows deferred or failed, with codes
    Column("refusals_counted", Integer, nullable=False, server_default="0"),  # [plain] 0 | 1 (6.6)
    Column("finished_at", BigInteger),
    Index("chunk_by_ready", "state", "ready_at"),
    Index("chunk_by_alert", "alert_id", "state"),
)

# How many copies of an alert were handed over by when, sampled while it ran.
pace = Table(
    "pace",
    metadata,
    Column("alert_id", Number, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("relayed", Integer, nullable=False),
)

# Letters to mailboxes of our own at the carriers, and when they came back.
canary = Table(
    "canary",
    metadata,
    Column("letter_id", Number, primary_key=True, autoincrement=False),  # [plain] of the letter that was sent
    Column("carrier", Text, nullable=False),
    Column("alert_id", Number, ForeignKey("alert.id", ondelete="CASCADE")),
    Column("sent_at", BigInteger, nullable=False),
    Column("returned_at", BigInteger),
    Index("canary_by_alert", "alert_id"),
    Index("canary_by_time", "sent_at"),
)

replay = Table(
    "replay",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # [blind] under a key that is not the year's (5.8)
    Column("alert", String(16), nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Mails from the public that were answered already: a sending server that missed our 250 sends again.
handled = Table(
    "handled",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # [blind]
    Column("until", BigInteger, nullable=False),
)

# Letters to addresses that nothing has proven, a row a day and address (3.6).
quota = Table(
    "quota",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # [blind] of the day and the address
    Column("used", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# Every wording that residents were ever asked to agree to (3.2). It says nothing about a person.
terms = Table(
    "terms",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("version", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# Staff enrolled or removed by command; those of the configuration are not here.
staff = Table(
    "staff",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("uuid", LargeBinary(16), nullable=False),
    Column("state", String(10), nullable=False),  # [plain] enrolled | removed
    Column("body", LargeBinary),  # [sealed, gateway's own key] address, organisation, scope, roles, keys
    Column("changed_at", BigInteger, nullable=False),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("domain", String(255), primary_key=True),  # [plain] of an organisation
    Column("fingerprint", String(64), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)

# How the domains of staff sign, as self-tests found it (5.11).
coverage = Table(
    "coverage",
    metadata,
    Column("domain", String(255), primary_key=True),  # [plain] of an organisation
    Column("selector", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("algorithm", String(8), nullable=False),
    Column("bits", Integer, nullable=False),
    Column("covered", Text, nullable=False),  # [plain] names of header fields
    Column("timed", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),  # [plain] canonical JSON, no address
    Column("event", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("chain", LargeBinary(32), nullable=False),  # of all entries up to this one: it shows the first that differs
    Index("audit_by_time", "at", "seq"),
    Index("audit_by_event", "event", "seq"),
)

# The end of the log, one row that two nodes may not both advance: all that the next entry needs to know.
audit_tree = Table(
    "audit_tree",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("size", BigInteger, nullable=False),  # how many entries
    Column("frontier", LargeBinary, nullable=False),  # the Merkle tree without its leaves
    Column("link", LargeBinary(32), nullable=False),  # the chain of the last entry
    Column("checkpoints", Integer, nullable=False),  # how many were made
)

# What was signed, and given to others, about the log at some size.
audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),  # [plain] the signed note
)

# How far each copy of the log, or of its checkpoints, has come.
audit_mirror = Table(
    "audit_mirror",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # [blind] of the destination, under a key that is not the year's
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Counters that two nodes may not both advance: the last alert of a year, how far a series of letters went.
counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# The end of a fiscal year, step by step (3.9). Nothing in it says anything about a person.
year_end = Table(
    "year_end",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("year", Integer, nullable=False),
    Column("step", String(12), nullable=False),  # what is done: begun | destroyed | rewrapped | cleaned | done
    Column("began_at", BigInteger, nullable=False),
    Column("not_before", BigInteger),  # the moment of the year's end; empty where it was ended before its date
    Column("facts", Text, nullable=False),  # counts and fingerprints, as they will stand in the certificate
)
