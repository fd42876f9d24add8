"""What readers get of an alert (protocol 5.9): subject, text and footer, the same for every copy."""

from handlers import districts
from handlers.posting import Posting
from handlers.texts import copies
from handlers.town import Town
from handlers.wording import contact_of

NAMED = 3  # districts that a subject names
LONGEST_SUBJECT = 200  # characters


def subject(posting: Posting, town: Town) -> str:
    """`[不審者情報][富雄] …`; of a follow-up `[訂正]` first; the author's own words last."""
    relation = f"[{copies.RELATIONS[posting.follow_up.relation.value]}]" if posting.follow_up else ""
    tags = f"{relation}[{posting.category.name}][{area(posting.codes, town)}]"
    return f"{tags} {posting.subject}".strip()[:LONGEST_SUBJECT]


def area(codes: tuple[str, ...], town: Town) -> str:
    """The districts of an alert, short enough for a subject."""
    if set(codes) == {district.code for district in town.districts} and len(codes) > 1:
        return "全域"
    named = districts.names(codes[:NAMED], town.districts).replace("、", "・")
    return f"{named}ほか" if len(codes) > NAMED else named


def text(posting: Posting, town: Town, organisation: str, name: str) -> str:
    """The author's text, then who sent it, why it came, and how to leave."""
    names = districts.names(posting.codes, town.districts)
    written = posting.text.rstrip()
    if posting.follow_up is None:
        below = footer(town, organisation, name, names)
    else:
        relation, first = posting.follow_up.relation.value, posting.follow_up.first.name
        below = footer_following(town, organisation, name, relation, first)
        written = written or copies.STANDARD[relation].format(first=first)
    return f"{written}\n\n-- \n{below}\n"


def drill_subject(posting: Posting, town: Town) -> str:
    """5.5b  Whoever sees only this line must see that it is a drill."""
    return f"{copies.DRILL_TAG}{subject(posting, town)}"[:LONGEST_SUBJECT]


def drill_text(posting: Posting, town: Town, organisation: str) -> str:
    """5.5b  Marked before and behind."""
    below = copies.DRILL_FOOTER.format(organisation=organisation, contact=contact_of(town))
    return f"{copies.DRILL_MARK}\n\n{posting.text.rstrip()}\n\n{copies.DRILL_MARK}\n\n-- \n{below}\n"


def footer(town: Town, organisation: str, name: str, names: str) -> str:
    """5.9  Who sent it, why you get it, how to leave."""
    facts = {"organisation": organisation, "name": name, "districts": names, "domain": town.domain}
    return copies.FOOTER.format(**facts, contact=contact_of(town))


def footer_following(town: Town, organisation: str, name: str, relation: str, first: str) -> str:
    """5.7, 5.9  Why you get it: you got the first."""
    facts = {"organisation": organisation, "name": name, "first": first, "domain": town.domain}
    return copies.FOOTER_FOLLOWING.format(**facts, relation=copies.RELATIONS[relation], contact=contact_of(town))
