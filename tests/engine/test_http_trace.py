"""The trace: what is sent, when and with which result, and nothing that is anybody's."""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.provider import CLIENT, SECRET, provided
from tests.testing.staff import Fake, Staff, sample

from renkei.connector import Ref
from renkei.errors import UnavailableError
from renkei.http import trace
from renkei.http.connection import Connection
from renkei.http.oauth import AccessToken, Grant
from renkei.http.secret import Secret
from renkei.http.trace import traced
from renkei.testing import opened
from renkei.testing.proxy import Drop, Proxy, refusal
from renkei_runner.main import run as run_command
from renkei_sandbox import Sandbox

TODAY = dt.date(2026, 11, 20)
TOKEN = "token-4170"


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as fake:
        yield fake


def lines(file: Path) -> list[list[str]]:
    """Return the parts of each line after the instant, without the time that it took."""
    told = [line.split(" ") for line in file.read_text("utf-8").splitlines()]
    assert all(dt.datetime.fromisoformat(line[0]).tzinfo for line in told)
    assert all(float(line[-1].removesuffix("s")) >= 0 for line in told)
    return [line[1:-1] for line in told]


def test_each_request_is_a_line(fake: Fake, tmp_path: Path) -> None:
    """Connection, method, path, names of the query and status; requests outside leave none."""
    file = tmp_path / "trace.log"
    with opened(Staff, fake.url, token=TOKEN, closed_hours=()) as staff:
        with traced(file):
            staff.create_employee({n: v for n, v in sample(0).items() if v is not None})
            staff.read_employees([Ref(number="K0000"), Ref(id="p0001")], TODAY, ["no"])
        list(staff.list_employees(TODAY, ["no"]))
    assert lines(file) == [
        ["tested", "POST", "/staff", "201"],
        ["tested", "GET", "/staff?no&offset", "200"],
        ["tested", "GET", "/staff/p0001", "200"],
    ]


@pytest.mark.security(44)
def test_nothing_of_a_person_and_no_token_is_in_it(fake: Fake, tmp_path: Path) -> None:
    """Neither body nor header nor the values of a query, nor the token in a path; it is private."""
    file = tmp_path / "trace.log"
    file.touch(mode=0o644)
    with opened(Staff, fake.url, token=TOKEN, closed_hours=()) as staff, traced(file):
        staff.create_employee({n: v for n, v in sample(0).items() if v is not None})
        staff.read_employees([Ref(number="K0000"), Ref(id=TOKEN)], TODAY, ["no"])
    text = file.read_text("utf-8")
    assert "/staff/***" in text
    for value in (TOKEN, *map(str, sample(0).values())):
        assert value not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_refusals_and_lost_answers_are_lines_and_it_grows(fake: Fake, tmp_path: Path) -> None:
    """Every try counts; one without an answer has no status."""
    file = tmp_path / "trace.log"
    for status, fault in (("503", refusal(503)), ("-", Drop("body"))):
        with (
            Proxy(fake.url, lambda _request, fault=fault: fault) as proxy,  # type: ignore[misc]
            opened(Staff, proxy.url, retry_s=0, closed_hours=()) as staff,
            traced(file),
            pytest.raises(UnavailableError),
        ):
            list(staff.list_employees(TODAY, ["no"]))
        assert lines(file)[-1] == ["tested", "GET", "/staff?offset", status]
    assert len(lines(file)) == 2


def test_requests_for_a_token_are_lines(tmp_path: Path) -> None:
    """Where one that is refused has to be found out, too; no secret of the grant is in it."""
    file = tmp_path / "trace.log"
    with provided(takes="form") as provider, traced(file):
        grant = Grant(
            url=f"{provider.token_url}?{SECRET}&tenant=t-4170",
            client=CLIENT,
            secret=Secret(SECRET),
        )
        with Connection(
            name="hr", connector="x", base_url=provider.base_url, token=AccessToken(grant)
        ) as connection:
            connection.session(
                headers={"Authorization": f"Bearer {connection.token.reveal()}"},
                classify=lambda _failure: None,
            ).get("people")
    assert lines(file) == [
        ["hr", "POST", "/oauth/token?tenant", "401"],
        ["hr", "POST", "/oauth/token?tenant", "200"],
        ["hr", "GET", "/api/people", "200"],
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x?no=1&offset=", "/x?no&offset"),
        ("https://a.test/x?K0417&no=1", "/x?no"),
        ("https://a.test/x?K0417", "/x"),
        ("https://a.test/x?a=b=c", "/x?a"),
    ],
)
def test_of_a_query_only_names_are_shown(url: str, shown: str) -> None:
    """What stands alone in a query may be a value."""
    assert trace._shown(url) == shown


def test_a_file_that_is_not_ours_is_told_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong gets through; nothing stays open, and nothing is in the environment."""
    opened_before = len([*Path("/dev/fd").iterdir()])

    def refuse(_file: int, _mode: int) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(PermissionError), traced(tmp_path / "trace.log"):
        pass
    assert len([*Path("/dev/fd").iterdir()]) == opened_before
    assert trace.VARIABLE not in os.environ


def test_processes_that_are_started_add_to_it(tmp_path: Path) -> None:
    """They find it in the environment, and only inside the block."""
    file = tmp_path / "trace.log"
    with traced(file):
        asked = [sys.executable, "-c", f"import os; print(os.environ[{trace.VARIABLE!r}])"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(file)
    assert trace.VARIABLE not in os.environ


@pytest.mark.parametrize("before", [True, False])
def test_every_command_takes_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    before: bool,
) -> None:
    """`renkei --trace FILE check` and `renkei check --trace FILE` are the same."""
    with Sandbox(people=0) as box:
        monkeypatch.setenv("TOKEN", box.smarthr.token)
        (tmp_path / "renkei.yaml").write_text(
            f"connections: {{smarthr: {{connector: smarthr, base_url: '{box.smarthr.base_url}',"
            " token: env:TOKEN}}\n",
            "utf-8",
        )
        words, file = ["check", "--config", str(tmp_path / "renkei.yaml")], tmp_path / "t.log"
        option = ["--trace", str(file)]
        run_command([*option, *words] if before else [*words, *option])
        told = lines(file)
        assert [(method, path.partition("?")[0], status) for _name, method, path, status in told]
        assert len(told) == len(box.journal)
    assert "Traceback" not in capfd.readouterr().err


def test_a_file_that_cannot_be_opened_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before anything is sent: exit code 2, with the file."""
    code = run_command(["connectors", "--trace", str(tmp_path / "missing" / "t.log")])
    assert code == 2
    assert "t.log cannot be written" in capfd.readouterr().err
