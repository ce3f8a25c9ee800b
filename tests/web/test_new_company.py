"""A company that joins in the browser: from the board to its first connection, and back again."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.web.desk import Desk, person

from renkei.companies import Companies
from renkei.config import load_config, load_main
from renkei_web.users import Role

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "t0ken-that-nobody-may-see"


@pytest.fixture
def open_desk(several: Desk) -> Desk:
    """The dashboard of two companies, to which administrators may add others."""
    main = several.folder / "renkei.yaml"
    main.write_text("# ours\ncompanies: companies/\nsettings: {setup: web}\n", encoding="utf-8")
    return several


def own(desk: Desk, name: str) -> Path:
    return desk.folder / "companies" / f"{name}.yaml"


def of_gamma(desk: Desk) -> list[tuple[str, str, dict[str, object]]]:
    """Return the lines about it in the log of the whole installation."""
    with Companies(load_main(desk.folder / "renkei.yaml")) as door:
        lines = list(door.log_lines())
    named = [each for each in lines if each.facts.get("company") == "gamma"]
    return [(each.who.split(" (")[0], each.act, dict(each.facts)) for each in named]


def test_a_company_is_added_and_set_up_without_a_terminal(open_desk: Desk) -> None:
    """Its file says what was entered, and browsers may change it; nothing else is touched."""
    admin = open_desk.browser("admin")
    before = {each: each.read_bytes() for each in open_desk.folder.rglob("*.yaml")}
    assert 'href="/companies/new"' in admin.get("/").text
    assert "renkei company remove" in admin.get("/companies/new").text
    form = {"name": "gamma", "label": "ガンマ: 物流 #1", "environment": "sandbox"}
    answer = admin.post("/companies/new", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/c/gamma/settings/setup")
    company = load_config(open_desk.folder / "renkei.yaml", "gamma").company
    assert (company.label, company.environment) == ("ガンマ: 物流 #1", "sandbox")
    assert {each: each.read_bytes() for each in before} == before
    assert own(open_desk, "gamma").stat().st_mode & 0o777 == 0o600
    page = admin.get("/c/gamma/settings/setup").text
    assert str(own(open_desk, "gamma")) in page
    form = {"connector": "smarthr", "base_url": "http://127.0.0.1:9", "token": TOKEN}
    assert admin.post("/c/gamma/settings/setup/connections", **form).status_code == 200
    assert (own(open_desk, "gamma").parent / "secrets" / "gamma.smarthr.token").exists()
    assert "ガンマ: 物流 #1" in admin.get("/").text
    assert of_gamma(open_desk) == [("admin", "company_added", {"company": "gamma"})]


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("name", {"name": "", "label": "人事"}),
        ("name", {"name": "Gamma", "label": "人事"}),
        ("name", {"name": "../gamma", "label": "人事"}),
        ("name", {"name": "acme", "label": "人事"}),
        ("label", {"name": "gamma", "label": "人\x7f事"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    open_desk: Desk, field: str, form: dict[str, str]
) -> None:
    """What was typed is shown again; nothing is written, and nothing is noted."""
    admin = open_desk.browser("admin")
    files, noted = sorted(open_desk.folder.rglob("*")), open_desk.noted
    answer = admin.post("/companies/new", **form)
    assert answer.status_code == 400
    assert re.findall(r'name="(\w+)"[^>]* aria-describedby="wrong-(\w+)"', answer.text) == [
        (field, field)
    ]
    assert f'id="wrong-{field}"' in answer.text
    assert form["name"] in answer.text
    assert (sorted(open_desk.folder.rglob("*")), open_desk.noted) == (files, noted)


def test_the_fields_of_a_connection_say_what_is_wrong_with_them(open_desk: Desk) -> None:
    """Each beside itself; what is about another form, at the top."""
    admin = open_desk.browser("admin")
    admin.post("/companies/new", name="gamma")
    good = {"connector": "smarthr", "base_url": "http://127.0.0.1:9", "token": TOKEN}
    path = "/c/gamma/settings/setup/connections"
    for field, wrong in (
        ("connector", "nowhere"),
        ("name", "smart hr"),
        ("base_url", "http://example.jp"),
        ("token", "a b"),
        ("base_url", ""),
        ("token", ""),
        ("options", "x"),
    ):
        text = admin.post(path, **good | {field: wrong}).text
        assert re.findall(r'id="wrong-(\w+)"', text) == [field]
        assert 'class="notice bad"' not in text
        assert TOKEN not in text
    assert admin.post(path, **good).status_code == 200
    text = admin.post(f"{path}/smarthr", token="a b").text
    assert 'id="wrong-' not in text
    assert 'class="notice bad"' in text


@pytest.mark.security(38)
def test_only_where_the_installation_allows_it(several: Desk) -> None:
    """And only administrators of everything: one of a company neither sees nor sends the form."""
    admin = several.browser("admin")
    page = admin.get("/companies/new").text
    assert "setup: web" in page
    assert "renkei company add" in page
    assert 'name="label"' not in page
    assert admin.post("/companies/new", name="gamma").status_code == 400
    (several.folder / "renkei.yaml").write_text("companies: companies/\nsettings: {setup: web}\n")
    browser = person(several, Role.ADMIN, "*")
    assert "/companies/new" not in browser.get("/").text
    assert browser.post("/companies/new", name="gamma").status_code == 403
    assert not own(several, "gamma").exists()


@pytest.mark.sqlite
def test_a_company_that_was_added_is_taken_back(open_desk: Desk) -> None:
    """By an administrator of everything, while there is only its file; rights go, too."""
    admin = open_desk.browser("admin")
    admin.post("/companies/new", name="gamma")
    of_company = person(open_desk, Role.ADMIN, "gamma")
    undo = "/c/gamma/settings/setup/undo"
    assert f'action="{undo}"' in admin.get("/c/gamma/settings/setup").text
    assert f'action="{undo}"' not in of_company.get("/c/gamma/settings/setup").text
    assert of_company.post(undo).status_code == 400
    form = {"connector": "smarthr", "base_url": "http://127.0.0.1:9", "token": TOKEN}
    admin.post("/c/gamma/settings/setup/connections", **form)
    assert admin.post(undo).headers["location"] == "/c/gamma/settings/setup"
    assert own(open_desk, "gamma").exists()
    assert admin.post(undo).headers["location"] == "/"
    assert not list(own(open_desk, "gamma").parent.glob("gamma*"))
    admin.post("/companies/new", name="gamma")
    assert of_company.get("/c/gamma/").status_code == 404
    assert [act for _who, act, _facts in of_gamma(open_desk)] == [
        *("company_added", "company_removed", "company_added"),
    ]


def test_a_company_with_runs_is_not_taken_back(open_desk: Desk) -> None:
    """Its file is as it was added, and still all of it stays."""
    admin = open_desk.browser("admin")
    admin.post("/companies/new", name="gamma")
    with closing(sqlite3.connect(open_desk.folder / "renkei.db")) as store:
        store.execute("update runs set company = 'gamma' where company = 'acme'")
        store.commit()
    answer = admin.post("/c/gamma/settings/setup/undo")
    assert answer.status_code == 400
    assert "削除はコマンドで" in answer.text
    assert open_desk.office.config("gamma").company.name == "gamma"


def test_a_company_is_put_on_hold_from_the_board(several: Desk) -> None:
    """By its administrators; its file keeps the rest, and the line is in its log."""
    text = own(several, "acme").read_text(encoding="utf-8")
    viewer = person(several, Role.OPERATOR, "acme")
    admin = several.browser("admin")
    assert "/settings/pause" not in viewer.get("/").text
    assert admin.get("/").text.count("/settings/pause") == 2
    for on, said, back in (("true", True, "/?q=&page=1"), ("false", False, "//example.com")):
        answer = admin.post("/c/acme/settings/pause", on=on, next=back)
        assert answer.headers["location"] == (back if said else "/")
        assert several.office.config("acme").company.paused is said
    assert own(several, "acme").read_text(encoding="utf-8") == f"paused: false\n{text}"
    acts = [act for _who, act, _facts in several.noted]  # in the log of each, and in that of all
    assert (acts.count("company_paused"), acts.count("company_resumed")) == (2, 2)
