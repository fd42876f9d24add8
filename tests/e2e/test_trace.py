"""`trace` and `dns` (protocol 8): one mail followed through the log, and the records of the domain."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.commands.dns import Record, zone_form
from tests.e2e.conftest import Start
from tests.e2e.town import DOMAIN, SCHOOL, alert


def test_8_a_mail_is_followed_to_the_end_of_what_it_set_off(gateway: Start) -> None:
    running = gateway()
    running.subscribe("family@home.test", "山手")
    assert running.post(alert("地区：山手\n区分：台風\n\n正午で終わります。\n", SCHOOL), SCHOOL)[0] == 250
    relayed = running.audit.wait_for("alert:relayed")
    accepted = next(entry for entry in running.audit.entries if entry["event"] == "alert:accepted")
    traced = running.json("trace", accepted["mail"])
    assert [entry["event"] for entry in traced] == ["alert:accepted", "alert:relayed"]
    assert traced[1]["seq"] == relayed["seq"]
    assert "alert:relayed" in running.command("trace", accepted["mail"])
    running.command("trace", "m-0000000000000000", code=1)
    running.command("trace", "%", code=2)


def test_8_the_domain_gets_the_records_that_it_needs(gateway: Start, tmp_path: Path) -> None:
    key = tmp_path / "dkim.pem"
    private = rsa.generate_private_key(65537, 2048)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    running = gateway(relay={"dkim_selector": "s1", "dkim_key": str(key)})
    found = {(each["name"], each["type"]): each["value"] for each in running.json("dns")}
    assert found[(DOMAIN, "TXT")] == "v=spf1 mx -all"
    assert found[(f"s1._domainkey.{DOMAIN}", "TXT")].startswith("v=DKIM1; k=rsa; p=MII")
    assert f's1._domainkey.{DOMAIN}.\tIN\tTXT\t"v=DKIM1' in running.command("dns")


def test_8_a_long_text_stands_in_pieces() -> None:
    record = Record(name="a", type="TXT", value="x" * 300, purpose="")
    assert zone_form(record) == f'"{"x" * 255}" "{"x" * 45}"'
