"""The second schema: held alerts and follow-ups, staff by command"""

import sqlalchemy as sa
from alembic import op

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
    """Counted failures of a mailbox."""


def _audit() -> None:
    """The tree over the log."""


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
