"""What a poster invites to: one district's address or everybody's, and the mail that its QR code opens (protocol 1, 2).

The prepared mail is one that `subscribe@` understands without a question. Nothing is drawn here.
"""

from dataclasses import dataclass
from urllib.parse import quote

from handlers.districts import ALL, choose, words_of
from handlers.folding import fold
from handlers.town import District, Language, Town

LONGEST_NAME = 40  # characters; nine octets each in the QR code, and beyond this it would be hard to read
SUBJECTS: dict[Language, str] = {"ja": "見守りメール登録", "en": "Register for Mimamori Mail"}
FIELDS: dict[Language, str] = {"ja": "地区：{word}\r\n同意：はい", "en": "District: {word}\r\nConsent: yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A prepared mail; `district` is None where the poster is for all of them and the reader chooses later."""

    district: District | None
    address: str
    subject: str
    body: str

    @property
    def uri(self) -> str:
        """The mail as a mailto (RFC 6068): UTF-8, every line end as CRLF."""
        local, _, domain = self.address.rpartition("@")
        fields = {"subject": self.subject} | ({"body": self.body} if self.body else {})
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
        return f"mailto:{quote(local, safe='+')}@{domain}?{query}"


def invite(town: Town, district: District | None, language: Language) -> Invitation:
    """The mail that registers for the district; without one, the empty mail that the form letter answers (3.3)."""
    tag = f"+{district.code}" if district else ""
    return Invitation(
        district=district,
        address=f"subscribe{tag}@{town.domain}",
        subject=SUBJECTS[language],
        body=FIELDS[language].format(word=_word(district, town, language)) if district else "",
    )


def find(words: str, town: Town) -> tuple[District, ...]:
    """The districts that the words name: by one's whole name, or else as the field `District` would (2)."""
    sought = fold(words)
    for district in town.districts:
        if sought in map(fold, words_of(district)):
            return (district,)
    choice = choose(words, town.districts)
    return tuple(d for d in town.districts if d.code in choice.codes) if not choice.unknown else ()


def means_all(words: str) -> bool:
    return fold(words) in ALL


def _word(district: District, town: Town, language: Language) -> str:
    """How the field names the district. The code never fails; an English mail has no Japanese letter (6)."""
    if language == "en" or len(district.name) > LONGEST_NAME:
        return district.code
    # 2.3  A name with a separator within would be read as several unknown ones.
    choice = choose(district.name, town.districts)
    return district.name if choice.codes == (district.code,) and not choice.unknown else district.code
