"""The second schema: held alerts and follow-ups, staff by command"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.audit_tree import grow_tree

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _alerts()
    _staff()
    _bounces()
    _audit()
    _years()
    _coverage()
    _pace()
    _canaries()
    _moves()
    _relay()


def _relay() -> None:
    for name in ("unhurried", "second_way"):
        op.add_column("letter", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def _alerts() -> None:
    for column in (
        sa.Column("release", sa.String(length=8), nullable=False, server_default="direct"),
        sa.Column("minutes", sa.Integer()),
        sa.Column("held_until", sa.BigInteger()),
        sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("released_by", sa.String(length=64)),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("relation", sa.String(length=12)),
        sa.Column("follows_id", NUMBER),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("alert", column)
    op.create_index("alert_by_first", "alert", ["follows_id"])
    for column in (
        sa.Column("source_id", NUMBER),
        sa.Column("ahead", NUMBER, nullable=False, server_default="0"),
        sa.Column("finished_at", sa.BigInteger()),
    ):
        op.add_column("chunk", column)


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("uuid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _bounces() -> None:
    op.create_table(
        "bounce",
        sa.Column("subscription_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscription_id", "kind"),
    )
    op.add_column("letter", sa.Column("probe_of", NUMBER))
    op.add_column("chunk", sa.Column("refusals_counted", sa.Integer(), nullable=False, server_default="0"))


def _audit() -> None:
    """The tree over the log, its checkpoints, and how far its copies have come."""
    op.create_table(
        "audit_tree",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checkpoints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "audit_mirror",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.drop_index("audit_by_time", "audit")
    op.create_index("audit_by_time", "audit", ["at", "seq"])
    op.create_index("audit_by_event", "audit", ["event", "seq"])
    connection = op.get_bind()
    counted = connection.scalar(sa.text("SELECT value FROM counter WHERE name = 'audit'")) or 0
    grow_tree(connection, counted)
    op.execute("DELETE FROM counter WHERE name = 'audit'")


def _years() -> None:
    """The end of a year, step by step."""
    op.create_table(
        "year_end",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _coverage() -> None:
    op.create_table(
        "coverage",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("selector", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=8), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("covered", sa.Text(), nullable=False),
        sa.Column("timed", sa.Integer(), nullable=False),
        sa.Column("expires", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "selector"),
    )


def _pace() -> None:
    op.create_table(
        "pace",
        sa.Column("alert_id", NUMBER, sa.ForeignKey("alert.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("relayed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "at"),
    )


def _canaries() -> None:
    op.create_table(
        "canary",
        sa.Column("letter_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("alert_id", NUMBER, sa.ForeignKey("alert.id", ondelete="CASCADE")),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("letter_id"),
    )
    op.create_index("canary_by_alert", "canary", ["alert_id"])
    op.create_index("canary_by_time", "canary", ["sent_at"])


def _moves() -> None:
    """A district's registrants on their way to another code."""
    op.create_table(
        "district_move",
        sa.Column("old", sa.String(length=64), nullable=False),
        sa.Column("new", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("old"),
    )
