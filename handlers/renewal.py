"""The letter that asks a resident of the ending year whether to go on (protocol 3.9). Its reply registers the next."""

from datetime import datetime, time

from handlers import letters
from handlers.town import Town
from storage.records import Letter, NewRequest, RequestKind, Subscription

DAYTIME = (time(9), time(20))  # a letter that can wait makes nobody's telephone ring at night


def due(town: Town, now: datetime) -> bool:
    """Whether the configured day has come in a year whose next is open already; by day only."""
    if town.renewal_letter is None or len(town.calendar.open_years(now)) == 1:
        return False
    if not DAYTIME[0] <= now.astimezone(town.calendar.timezone).time() < DAYTIME[1]:
        return False
    last = town.calendar.last_day(town.calendar.year(now))
    month, day = town.renewal_letter
    this_year = last.replace(month=month, day=day)
    opened = this_year if this_year <= last else this_year.replace(year=last.year - 1)
    return town.calendar.today(now) >= opened


def letter(subscription: Subscription, town: Town) -> Letter:
    """Asks for the same districts again. The request is sealed with the year that ends, and dies with it."""
    codes = frozenset(code for code in subscription.districts if code in {known.code for known in town.districts})
    request = NewRequest(
        kind=RequestKind.RENEW,
        address=subscription.address,
        years=(subscription.year, subscription.year + 1),
        districts=codes,
        terms=(town.terms.version, town.terms.digest),
        expires_at=town.calendar.over(subscription.year),
    )
    text = letters.renewal(town.language, town, codes, subscription.year + 1)
    return Letter(to=subscription.address, subject=text.subject, text=text.body, request=request, unhurried=True)
