"""What residents get of an alert (protocol 5.9): subject, text and footer, the same for every copy."""

from handlers import districts, staff_letters
from handlers.posting import Posting
from handlers.town import Town

NAMED = 3  # districts that a subject names
LONGEST_SUBJECT = 200  # characters


def subject(posting: Posting, town: Town) -> str:
    """`[不審者情報][富雄] …`; the author's own words last."""
    return f"[{posting.category.name}][{area(posting.codes, town)}] {posting.subject}".strip()[:LONGEST_SUBJECT]


def area(codes: tuple[str, ...], town: Town) -> str:
    """The districts of an alert, short enough for a subject."""
    if set(codes) == {district.code for district in town.districts} and len(codes) > 1:
        return "全域"
    named = districts.names(codes[:NAMED], town.districts).replace("、", "・")
    return f"{named}ほか" if len(codes) > NAMED else named


def text(posting: Posting, town: Town, organisation: str, name: str) -> str:
    """The author's text, then who sent it, why it came, and how to leave."""
    footer = staff_letters.footer(town, organisation, name, districts.names(posting.codes, town.districts))
    return f"{posting.text.rstrip()}\n\n-- \n{footer}\n"
