"""The story of the tour: three residents, a school, one who leaves, one who forges. It decides nothing about mail."""

from gateway.commands.audit import line
from gateway.demo.staff import mail
from gateway.demo.stage import Mail, Stage, school
from gateway.demo.telling import Teller

AOKI, INOUE, UEDA = "aoki@family.example", "inoue@family.example", "ueda@family.example"
CHOICES = {AOKI: "富雄", INOUE: "伏見", UEDA: "富雄、伏見"}
SCHOOL_NAME = "見守り市教育委員会"
APPROACH = """\
地区：富雄
区分：不審者情報
被害者の同意：取得済

本日15時30分ごろ、富雄公園の前で、下校中の児童が声をかけられました。
児童は近くの家に逃げて無事です。下校の見守りをお願いします。
"""
STORM = """\
地区：富雄、伏見
区分：気象

大雨警報のため、本日は13時に一斉下校します。お迎えをお願いします。
"""
TAIL = 12  # entries
ACCEPTED, REFUSED = "250 ", "550 5.7.1 "


async def play(stage: Stage, teller: Teller) -> None:
    """All steps in order. Raises NotHeldError at the first that does not hold."""
    letters = await ask_to_register(stage, teller)
    await confirm(stage, teller, letters)
    await approach(stage, teller)
    storm = await storm_warning(stage, teller)
    await leave(stage, teller, storm[UEDA][0])
    await same_again(stage, teller)
    await forge(stage, teller)
    show_audit(stage, teller)


async def ask_to_register(stage: Stage, teller: Teller) -> dict[str, Mail]:
    teller.begin("保護者3人が登録を申し込む", "Three residents ask to register")
    to = stage.ours("subscribe")
    replies = []
    for person, districts in CHOICES.items():
        text = f"地区：{districts}\n同意：はい\n"
        teller.sent(person, to, text)
        replies.append(await stage.send(mail(person, to, "登録", text), to, person))
        teller.answered(replies[-1])
    letters = {person: await stage.letter(person, "登録の確認") for person in CHOICES}
    teller.received(UEDA, letters[UEDA].subject, letters[UEDA].text)
    accepted = all(reply.startswith(ACCEPTED) for reply in replies)
    teller.held(accepted, "3人に確認のメールが届いた", "each of them got a letter to confirm")
    return letters


async def confirm(stage: Stage, teller: Teller, letters: dict[str, Mail]) -> None:
    teller.begin("確認のメールに返信すると、登録が終わる", "A reply to that letter completes it")
    for person, letter in letters.items():
        raw = mail(person, letter.answer_to, f"Re: {letter.subject}", "よろしくお願いします。\n")
        teller.sent(person, letter.answer_to)
        teller.answered(await stage.send(raw, letter.answer_to, person))
    receipts = {person: await stage.letter(person, "登録が完了") for person in letters}
    teller.received(UEDA, receipts[UEDA].subject, receipts[UEDA].text)
    right = all(f"地区：{districts}\n" in receipts[person].text for person, districts in CHOICES.items())
    teller.held(right, "3人とも、選んだ地区で登録された", "all three are registered for what they chose")


async def approach(stage: Stage, teller: Teller) -> None:
    teller.begin("学校が不審者情報を送る（富雄だけ）", "The school posts an alert, for one district")
    copies = await post(stage, teller, "下校時の声かけ", APPROACH)
    first = copies[AOKI][0] if AOKI in copies else None
    if first is not None:
        teller.received(first.to, first.subject, first.text, lines=20)
    right = counted(copies) == {AOKI: 1, UEDA: 1}
    teller.held(right, "富雄の2人にだけ、1通ずつ届いた", "it reached the two of that district alone, one copy each")
    hidden = all("同意" not in copy.text and "地区：" not in copy.text for mails in copies.values() for copy in mails)
    teller.held(hidden, "項目の行と同意の申告は転送されない", "field lines and the declaration of consent stay here")


async def storm_warning(stage: Stage, teller: Teller) -> dict[str, list[Mail]]:
    teller.begin("2つの地区に気象のお知らせを送る", "A storm warning for both districts")
    copies = await post(stage, teller, "一斉下校", STORM)
    right = counted(copies) == {AOKI: 1, INOUE: 1, UEDA: 1}
    teller.held(right, "両方に登録した人にも、1通だけ届いた", "one copy each, also for who chose both")
    return copies


async def leave(stage: Stage, teller: Teller, copy: Mail) -> None:
    teller.begin("1人が登録をやめる（メールソフトの「解除」ボタン）", "One leaves, by List-Unsubscribe")
    teller.sent(UEDA, copy.leave)
    reply = await stage.send(mail(UEDA, copy.leave, "", ""), copy.leave, UEDA)
    teller.answered(reply)
    goodbye = await stage.letter(UEDA, "解除")
    teller.received(UEDA, goodbye.subject, goodbye.text)
    teller.held(reply.startswith(ACCEPTED), "すぐに解除され、登録は消去された", "left at once, and nothing is kept")


async def same_again(stage: Stage, teller: Teller) -> None:
    teller.begin("同じ文面を新しいメールでもう一度送る", "The same text once more, as a new mail")
    copies = await post(stage, teller, "一斉下校", STORM)
    right = counted(copies) == {AOKI: 1, INOUE: 1}
    teller.held(right, "やめた人には、もう届かない", "who left is not reached any more")


async def post(stage: Stage, teller: Teller, subject: str, text: str) -> dict[str, list[Mail]]:
    """Posts an alert of the school; returns its copies by recipient once all are sent."""
    to = stage.ours("alert")
    raw = stage.key.signed(mail(school(), to, subject, text, SCHOOL_NAME), school())
    teller.sent(f"{school()}（DKIM 署名つき / signed）", to, f"件名：{subject}\n{text}")
    reply = await stage.send(raw, to, school())
    teller.answered(reply)
    teller.held(reply.startswith(ACCEPTED), "署名が確かめられ、受け付けられた", "the signature proves the author")
    number = stage.newest_alert()
    receipt = await stage.letter(school(), f"{number} を配信")
    teller.received(school(), receipt.subject, receipt.text)
    copies = await stage.copies(number, school())
    reached = "、".join(f"{person} {len(mails)}通" for person, mails in sorted(copies.items()))
    teller.told(f"届いた人 / who got it: {reached}")
    return copies


async def forge(stage: Stage, teller: Teller) -> None:
    teller.begin("にせの配信は断られる", "Forged alerts are refused")
    to = stage.ours("alert")
    unsigned = mail(school(), to, "至急", APPROACH, SCHOOL_NAME)
    altered = stage.key.signed(unsigned, school()).replace(b"\r\nSubject: ", b"\r\nSubject: Re: ", 1)
    mails = {"署名なし / unsigned": unsigned, "署名後に件名を変えた / subject changed after signing": altered}
    for kind, raw in mails.items():
        teller.sent(f"{school()}（{kind}）", to)
        reply = await stage.send(raw, to, "someone@elsewhere.example")
        teller.answered(reply)
        teller.held(reply.startswith(REFUSED), "断られた。理由は相手に教えない", "refused, and not told why")
    refused = [entry.value()["detail"] for entry in stage.audit() if entry.event == "alert:refused"]
    causes = [{"cause": "no-signature"}, {"cause": "signature-wrong"}]
    teller.held(refused == causes, "本当の理由は監査記録にある", "the true causes are in the audit")


def show_audit(stage: Stage, teller: Teller) -> None:
    teller.begin("監査記録を見る", "The audit log")
    for entry in stage.audit(TAIL):
        teller.told(line(entry, stage.timezone))
    everything = "\n".join(entry.text for entry in stage.audit())
    nobody = not any(person in everything for person in (*CHOICES, school()))
    teller.held(nobody, "だれのアドレスも書かれていない", "there is no address in it")
    teller.held(stage.audit_holds(), "改ざんがないことを鎖で確かめた", "its chain shows that nothing was changed")


def counted(copies: dict[str, list[Mail]]) -> dict[str, int]:
    return {person: len(mails) for person, mails in copies.items()}
