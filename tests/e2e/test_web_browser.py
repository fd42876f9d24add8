"""The page of one-click unsubscribe in a real Chromium on a phone, JavaScript off (protocol 4.5)."""

from pathlib import Path

import pytest

from tests.e2e.browser import CHROMIUM, DRIVER, phone
from tests.e2e.conftest import Start
from tests.e2e.town import alert, counted, until
from tests.e2e.website import Website, free_port

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed: no browser was tried"
)
SCRIPT = "data:text/html,<title>off</title><script>document.title='on'</script>"


@pytest.mark.parametrize(("scripts", "expected"), [(True, "on"), (False, "off")])
def test_the_browser_of_these_tests_runs_no_script(tmp_path: Path, scripts: bool, expected: str) -> None:
    with phone(tmp_path, scripts=scripts) as browser:
        browser.visit(SCRIPT)
        assert browser.title == expected


def test_4_5_looking_at_the_page_changes_nothing_and_its_button_leaves(gateway: Start, tmp_path: Path) -> None:
    site, resident = Website(free_port()), "phone@family.test"
    running = gateway(web=site.settings)
    running.subscribe(resident, "浜手")
    running.post(alert("地区：浜手\n区分：台風\n\n午後から雨と風が強くなります。\n"))
    (copy,) = running.await_copies(resident, 1)
    with phone(tmp_path / "profile") as browser:
        browser.visit(site.url + site.path(copy.leave_page))
        assert "登録をやめますか" in browser.title
        (tmp_path / "question.png").write_bytes(browser.look())
        assert running.json("subscribers", "count") == counted(1)
        browser.press_first()
        until(lambda: "登録を消しました" in browser.title, "the page that says it is done")
        (tmp_path / "done.png").write_bytes(browser.look())
        assert running.json("subscribers", "count")["active"] == 0
        browser.visit(f"{site.url}/leave/nothing")
        assert "ページがありません" in browser.title
    until(lambda: not running.arrived(resident)[-1].is_copy, "the goodbye")
