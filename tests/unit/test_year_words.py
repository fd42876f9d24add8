"""What `year end` says to people (protocol 8)."""

from gateway.commands.year import TABLES
from storage import year_end


def test_8_every_table_of_a_year_has_words() -> None:
    assert set(TABLES) == {table.name for table in year_end.TABLES}
