"""The letter that tells the administrator of a year's end, with its certificate (protocol 3.10)."""

from handlers.town import Town
from handlers.wording import write
from storage.records import Letter


def destroyed(town: Town, year: int, certificate: str) -> tuple[Letter, ...]:
    """One letter, or none where nobody is named; the language of the certificate is both."""
    if town.admin is None:
        return ()
    text = write("ja", "year_destroyed", town, year=year, certificate=certificate)
    return (Letter(to=town.admin, subject=text.subject, text=text.body),)
