"""Every word on a poster, in both languages. They say what the terms and the letters say, and no more."""

from dataclasses import dataclass

from handlers.town import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of a sheet; {names} are filled in by the layout, and a line end is where a line may best end."""

    title: str
    lead: str
    place: str
    place_everywhere: str
    everywhere: str
    steps: tuple[tuple[str, str], ...]
    steps_everywhere: tuple[tuple[str, str], ...]
    by_hand: str
    terms: str
    promises: tuple[tuple[str, str], ...]
    whole_terms: str
    contact: str
    day: str  # a day of every year
    version: str
    made: str


WORDS: dict[Language, Words] = {
    "ja": Words(
        title="子どもの安全 見守りメール",
        lead="不審者情報など、子どもの安全に関わるお知らせをメールで受け取れます。",
        place="配信地区",
        place_everywhere="配信地区",
        everywhere="全地区共通",
        steps=(
            ("QRコードを読む", "スマートフォンのカメラで左のQRコードを\n読み取ると、登録用のメールが開きます。"),
            ("メールを送る", "開いたメールを、書きかえずに\nそのまま送ってください。"),
            (
                "届いたメールに返信する",
                "すぐに確認のメールが届きます。{hours}時間以内に、\nそのまま返信すると登録完了です。",
            ),
        ),
        steps_everywhere=(
            ("QRコードを読む", "スマートフォンのカメラで左のQRコードを\n読み取ると、登録用のメールが開きます。"),
            ("メールを送る", "開いたメールを、何も書き加えずに\nそのまま送ってください。"),
            (
                "届いたメールに返信する",
                "届いた案内に、地区の番号か名前を書いて\n{hours}時間以内に返信すると登録完了です。",
            ),
        ),
        by_hand="QRコードが使えないときは、次の宛先に空メールを送り、届いた案内のとおりに返信してください。",
        terms="ご利用にあたって（利用規約の要点）",
        promises=(
            ("お預かりするもの", "メールアドレスと配信地区だけです。氏名などは登録しません。"),
            ("登録の期間", "{day}まで（年度ごと）。その日に、登録した情報をすべて消去します。"),
            ("やめるとき", "unsubscribe@{domain} に空メールを送ってください。"),
            ("届かないとき", "迷惑メール対策の「ドメイン指定受信」に {domain} を加えてください。"),
        ),
        whole_terms="規約の全文は、返信する前に届くメールに書いてあります。",
        contact="お問い合わせ",
        day="{month}月{day}日",
        version="利用規約の版 {version}",
        made="作成 {date:%Y}年{date.month}月{date.day}日",
    ),
    "en": Words(
        title="Child Safety Alerts by Mail",
        lead="News of suspicious persons and other dangers to children, sent to your phone by mail.",
        place="District: {code}",
        place_everywhere="District",
        everywhere="All districts",
        steps=(
            ("Scan the QR code", "Your phone's camera opens a mail\nthat is ready to send."),
            ("Send the mail", "Send it as it is, without changing it."),
            (
                "Reply to our answer",
                "A mail arrives at once. Reply to it within\n{hours} hours, and you are registered.",
            ),
        ),
        steps_everywhere=(
            ("Scan the QR code", "Your phone's camera opens a mail\nthat is ready to send."),
            ("Send the mail", "Send it as it is, without adding anything."),
            (
                "Reply to our answer",
                "Write the numbers or names of your districts\nand reply within {hours} hours. That is all.",
            ),
        ),
        by_hand="Without the QR code: send an empty mail to this address, and reply to our answer as it says.",
        terms="Before you register: the terms in short",
        promises=(
            ("What we keep", "Only your mail address and your districts. No name, nothing else."),
            ("How long", "Until {day}, for one fiscal year. On that day, all of it is erased."),
            ("How to leave", "Send an empty mail to unsubscribe@{domain}."),
            ("Nothing arrives?", "Let mail from {domain} pass the filter of your carrier (ドメイン指定受信)."),
        ),
        whole_terms="The whole terms stand in the mail that you get before you reply.",
        contact="Contact",
        day="{month_name} {day}",
        version="Terms, version {version}",
        made="Made on {date:%Y-%m-%d}",
    ),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def yearly(words: Words, month: int, day: int) -> str:
    """A day of every year, as one says it."""
    return words.day.format(month=month, month_name=MONTHS[month - 1], day=day)
