"""A drill with a real gateway, on a clock that the test turns (protocol 5.5b): whom it reaches, and when."""

from datetime import datetime
from pathlib import Path

from tests.e2e.dated import ACCEPTED, JAPAN, prepared
from tests.e2e.town import BOARD, SCHOOL, alert, until

FAMILY, TESTER = "family@home.test", "tester@city.minato.example"
DRILL = "訓練：はい\n地区：山手\n区分：台風\n\n本日の授業は正午で終わります。\n"
AT_THE_FULL_HOUR = datetime(2027, 2, 10, 10, 0, 30, tzinfo=JAPAN)
LATER = datetime(2027, 2, 10, 10, 6, tzinfo=JAPAN)


def test_5_5b_a_drill_reaches_staff_and_testers_and_no_resident_and_keeps_off_the_full_hour(tmp_path: Path) -> None:
    with prepared(tmp_path, AT_THE_FULL_HOUR, {"alerts": {"haste_checks": [], "drill_addresses": [TESTER]}}) as town:
        town.start()
        town.subscribe(FAMILY, "山手")
        posted = alert(DRILL, SCHOOL, subject="訓練", date=AT_THE_FULL_HOUR)
        assert town.post(posted, SCHOOL) == ACCEPTED
        town.await_mail(SCHOOL, 1)  # the receipt alone
        assert town.arrived(TESTER) == []
        assert town.post(posted, SCHOOL) == ACCEPTED  # the same again

        town.restart(LATER)
        (copy,) = town.await_mail(TESTER, 1)
        until(lambda: len(town.arrived(BOARD)) == 1 and len(town.arrived(SCHOOL)) == 2, "a copy for each of staff")
        assert str(copy.mail["Subject"]).startswith("【訓練】")
        assert copy.text.count("これは訓練です") == 2
        assert len(town.arrived(FAMILY)) == 2  # their own registration, and nothing else
        assert town.json("alerts", "list") == []
