"""The letter that tells the administrator of a year's end, with its certificate (protocol 3.10)."""

from handlers import staff_letters
from handlers.town import Town
from storage.records import Letter


def destroyed(town: Town, year: int, certificate: str) -> tuple[Letter, ...]:
    """One letter, or none where nobody is named."""
    if town.admin is None:
        return ()
    text = staff_letters.year_destroyed(town, year, certificate)
    return (Letter(to=town.admin, subject=text.subject, text=text.body),)
