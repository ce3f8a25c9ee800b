"""Setting up in the browser: from an empty folder to the first fetch, and no token on any page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.pair import NOON
from tests.web.desk import Desk, staffed

from renkei.config import load_config, setup
from renkei_sandbox import Sandbox
from renkei_web.visit import base_of

TOKEN = "t0ken-that-nobody-may-see"


@pytest.fixture
def fresh(tmp_path: Path) -> Desk:
    """A dashboard that has begun in an empty folder."""
    assert setup.start(tmp_path / "renkei.yaml")
    return staffed(Desk(tmp_path))


@pytest.mark.security(1)
@pytest.mark.parametrize("company", ["", "gamma"])
def test_an_administrator_sets_up_without_a_terminal(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    company: str,
) -> None:
    """Two connections, their pair, a check of both, a switch, and the way to the first fetch."""
    monkeypatch.setenv("RENKEI_NOW", NOON)
    if company:
        (tmp_path / "companies").mkdir()
    assert setup.start(tmp_path / "renkei.yaml")
    fresh = Desk(tmp_path)
    fresh.add("admin")
    admin, base = fresh.browser("admin"), base_of(company)
    if company:
        assert admin.post("/companies/new", name=company).status_code == 303
    file = tmp_path / (f"companies/{company}.yaml" if company else "renkei.yaml")
    line = file.read_text(encoding="utf-8").splitlines().index("connections: {}") + 2
    seen = [admin.get(f"{base}/").text]
    assert f"{base}/settings/setup" in seen[0]
    with Sandbox(people=3, seed=1, now=NOON) as box:
        for name, system in box.systems.items():
            form = {"connector": name, "base_url": system.base_url, "token": system.token}
            seen.append(admin.post(f"{base}/settings/setup/connections", **form).text)
            assert f"{file.name}:{line if name == 'smarthr' else line + 4}" in seen[-1]
        sides = re.findall(r'name="(side|connection)" value="([^"]+)"', seen[-1])
        assert [value for _name, value in sides] == [
            *("smarthr", "smarthr", "touchontime", "touchontime"),
        ]
        sent = "&".join(f"{name}={value}" for name, value in sides)
        sent += f"&use=smarthr-touchontime&csrf={admin.csrf}"
        headers = {
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
        }
        path = f"{base}/settings/setup/pairs"
        answer = admin.ask("POST", path, content=sent.encode(), headers=headers)
        seen.append(answer.text)
        assert answer.status_code == 200
        checked = admin.post(f"{base}/settings/check")
        seen.append(checked.text)
        assert checked.text.count("The token belongs to") == 2 or "トークンは" in checked.text
        admin.post(f"{base}/settings/mappings/0", name="business_names", on="true")
        seen += [admin.get(f"{base}{path}").text for path in ("/", "/settings", "/settings/setup")]
        secrets = [system.token for system in box.systems.values()]
    assert f"{base}/fetch/smarthr/touchontime" in seen[-3]
    config = load_config(fresh.folder / "renkei.yaml", company or None)
    assert config.mappings[0].settings["business_names"]
    noted = [(act, facts) for _who, act, facts in fresh.noted if "set" in act]
    assert [each for each in noted if each[0] != "setting_changed"] == [
        ("connection_set_up", {"connection": "smarthr"}),
        ("connection_set_up", {"connection": "touchontime"}),
        ("pair_set_up", {"mapping": "smarthr-touchontime"}),
    ]
    told = "".join([*seen, *capfd.readouterr(), file.read_text(encoding="utf-8")])
    assert not [secret for secret in secrets if secret in told]


def test_a_mistake_keeps_what_was_typed_but_the_token(fresh: Desk) -> None:
    """It is shown with the form, and the token has to be entered again."""
    admin = fresh.browser("admin")
    form = {"connector": "smarthr", "label": "人事", "base_url": "http://x.jp", "token": TOKEN}
    answer = admin.post("/settings/setup/connections", **form)
    assert answer.status_code == 400
    assert 'value="http://x.jp"' in answer.text
    assert 'value="人事"' in answer.text
    assert TOKEN not in answer.text
    assert not (fresh.folder / "secrets").exists()


def test_a_token_is_replaced_and_a_change_put_back(fresh: Desk) -> None:
    """With one click each."""
    admin, file = fresh.browser("admin"), fresh.folder / "renkei.yaml"
    first = file.read_text()
    form = {"connector": "smarthr", "base_url": "http://127.0.0.1:9", "token": TOKEN}
    assert admin.post("/settings/setup/connections", **form).status_code == 200
    assert admin.post("/settings/setup/connections/smarthr", token="other").status_code == 200
    assert (fresh.folder / "secrets" / "smarthr.token").read_text() == "other\n"
    assert fresh.noted[-1] == ("admin", "token_set", {"connection": "smarthr"})
    connected = file.read_text()
    assert admin.post("/settings/setup/undo").status_code == 303
    assert (fresh.folder / "secrets" / "smarthr.token").read_text() == f"{TOKEN}\n"
    assert file.read_text() == connected
    assert admin.post("/settings/setup/undo").status_code == 303
    assert file.read_text() == first
    assert admin.post("/settings/setup/undo").status_code == 400


def test_without_leave_nothing_is_written(desk: Desk) -> None:
    """The file of a service that may not write it is as it was; the page says how to allow it."""
    admin, text = desk.browser("admin"), (desk.folder / "renkei.yaml").read_bytes()
    page = admin.get("/settings/setup").text
    assert "setup: web" in page
    assert "<select" not in page
    answer = admin.post("/settings/setup/connections/smarthr", token=TOKEN)
    assert answer.status_code == 400
    assert TOKEN not in answer.text
    assert admin.post("/settings/setup/undo").status_code == 400
    assert (desk.folder / "renkei.yaml").read_bytes() == text
    assert "/settings/setup" not in admin.get("/settings").text


def test_what_is_refused_has_no_line_in_the_audit_log(fresh: Desk) -> None:
    """No such system, a token that is none, a pair that nobody offers, and no change so far."""
    admin = fresh.browser("admin")
    before = len(fresh.noted)
    for path, form in (
        ("connections", {"connector": "nowhere", "token": TOKEN}),
        ("connections", {"connector": "smarthr", "base_url": "http://127.0.0.1:1", "token": "a b"}),
        ("pairs", {"use": "smarthr-touchontime"}),
        ("undo", {}),
    ):
        assert admin.post(f"/settings/setup/{path}", **form).status_code == 400
    assert fresh.noted[before:] == []
