"""Puts the figures into words: the chapters of a report, in the order in which a council asks (protocol 8.7)."""

from gateway.handling.chapters import held, organisation, relayed, safeguards
from gateway.handling.chapters.saying import a_moment, a_period
from gateway.handling.document import Document, Words
from gateway.handling.figures import Figures

TITLE = Words("個人情報取扱状況報告書", "Report on the Handling of Personal Information")


def document(figures: Figures) -> Document:
    """The whole report."""
    return Document(
        title=TITLE,
        organisation=figures.settings.gateway.organisation,
        period=a_period(figures.period),
        made=a_moment(figures.made_at, figures.period),
        sections=(
            organisation.outline(figures),
            organisation.staff(figures),
            held.what(figures),
            held.registrations(figures),
            held.districts(figures),
            relayed.alerts(figures),
            relayed.refusals(figures),
            relayed.letters(figures),
            safeguards.keys(figures),
            safeguards.retention(figures),
            safeguards.log(figures),
            safeguards.versions(figures),
            safeguards.events(figures),
        ),
    )
