"""The how-tos work as they are printed: their files are read and their commands are run."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from attrs import evolve
from tests.docs.test_docs import examples
from tests.engine.provider import CLIENT, FIRST, SECRET, provided
from tests.result import Result
from tests.scim import TOKEN, Directory
from tests.waiting import Waiting

from renkei.config import parse_config
from renkei.words.i18n import set_language
from renkei_runner.app import App
from renkei_runner.main import run as run_command
from renkei_sandbox import Sandbox

SMARTHR, IDP = "https://example.smarthr.jp/api", "https://idp.example.com/scim/v2"
NOW = "2026-12-01T12:00:00+09:00"

Renkei = Callable[..., Result]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(people=20, seed=1, now=NOW) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        yield box


@pytest.fixture
def renkei(
    tmp_path: Path,
    box: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Renkei]:
    """Return what runs a command of an example in a folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "SMARTHR_TOKEN": box.smarthr.token,
        "KINGOFTIME_TOKEN": box.touchontime.token,
        "SCIM_TOKEN": TOKEN,
        "SCIM_CLIENT": CLIENT,
        "SCIM_SECRET": SECRET,
        "SCIM_REFRESH": FIRST,
        "RENKEI_NOW": NOW,
        "RENKEI_LANG": "en",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(line: str, *more: str) -> Result:
        program, *words = shlex.split(line)
        assert program == "renkei"
        code = run_command([*words, *more], App(asks=False))
        return Result(code, *capsys.readouterr())

    yield run
    set_language("en")


def configure(folder: Path, text: str, *addresses: tuple[str, str]) -> None:
    """Write the configuration of an example, with other *addresses*."""
    for old, new in addresses:
        assert old in text
        text = text.replace(old, new)
    (folder / "renkei.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["identity-provider", "oauth", "first-sync", "operator"])
def test_the_configurations_say_the_same_in_both_languages(name: str, tmp_path: Path) -> None:
    """Comments and labels are in the language of the page, everything else is one."""
    pages = [examples(f"docs/{name}.md"), examples(f"docs/{name}.ja.md")]
    assert pages[0].keys() == pages[1].keys()
    for example in pages[0]:
        if "connections:" in pages[0][example]:
            read = [parse_config(page[example], tmp_path / "renkei.yaml") for page in pages]
            plain = [{n: evolve(c, label="") for n, c in each.connections.items()} for each in read]
            assert plain[0] == plain[1]
            assert read[0].mappings == read[1].mappings


def test_leavers_go_to_an_identity_provider(
    tmp_path: Path, box: Sandbox, directory: Directory, renkei: Renkei
) -> None:
    """After the steps of the page everybody has an account, and that of a leaver is inactive."""
    found = examples("docs/identity-provider.md")
    smarthr, idp = (SMARTHR, box.smarthr.base_url), (IDP, directory.url)
    configure(tmp_path, found["config"], smarthr, idp)
    for line in [*found["look"].splitlines(), *found["first"].splitlines()]:
        done = renkei(line)
        assert done.code in (0, 1), done.out + done.err
    accounts = directory.by_number()
    assert len(accounts) > 10
    leaver = next(number for number in accounts if len(box.smarthr.find(number)) == 1)
    box.smarthr.edit(box.smarthr.find(leaver)[0]["id"], resigned_at="2026-11-20")
    done = renkei(found["nightly"])
    assert done.code == 0, done.out + done.err
    inactive = [number for number, user in directory.by_number().items() if not user["active"]]
    assert inactive == [leaver]


@pytest.mark.parametrize("example", ["client", "refresh"])
def test_tokens_are_asked_for_as_the_page_says(
    example: str, tmp_path: Path, directory: Directory, renkei: Renkei
) -> None:
    """With the configuration of the page a check passes, by a token of that grant."""
    key = tmp_path / "renkei.key"
    key.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    key.chmod(0o600)
    with provided() as provider:
        said = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
        provider.answers = [(200, said)]
        endpoint = "https://idp.example.com/oauth/token", provider.token_url
        found = examples("docs/oauth.md")
        configure(tmp_path, found[example], (IDP, directory.url), endpoint)
        done = renkei(found["check"].strip(), "--output", "json")
    assert done.code == 0, done.out + done.err
    assert json.loads(done.out)["schema_version"] == 1
    grants = {"client": "client_credentials", "refresh": "refresh_token"}
    assert [form["grant_type"] for form in provider.forms] == [grants[example]]


def test_king_of_time_is_a_connection_with_its_own_name(
    tmp_path: Path, box: Sandbox, renkei: Renkei
) -> None:
    """The connector and the mapping are those of Touch On Time; people read their own word."""
    kingoftime = "https://api.kingtime.jp/v1.0", box.touchontime.base_url
    configure(
        tmp_path,
        examples("docs/first-sync.md")["kingoftime"],
        (SMARTHR, box.smarthr.base_url),
        kingoftime,
    )
    done = renkei("renkei fetch smarthr kingoftime")
    assert done.code == 0, done.out + done.err
    told = done.out + done.err
    assert "KING OF TIME" in told
    assert "Touch On Time" not in told


# --- part of the people -------------------------------------------------------------------------

TIME = "https://api.kingtime.jp/v1.0"


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """The systems of another company."""
    with Sandbox(people=0, seed=2, now=NOW) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        yield box


@pytest.fixture
def group(
    box: Sandbox, other: Sandbox, monkeypatch: pytest.MonkeyPatch, waiting: Waiting
) -> tuple[Sandbox, Sandbox]:
    """Two companies of one group, with nobody in them yet."""
    waiting.passing += [box.clock.advance, other.clock.advance]
    for system in box.systems.values():
        system.people.clear()
    tokens = {
        "TOKYO_SMARTHR": box.smarthr.token,
        "OSAKA_SMARTHR": other.smarthr.token,
        "TOUCHONTIME": box.touchontime.token,
        "TOKYO_KOT": box.touchontime.token,
        "OSAKA_KOT": other.touchontime.token,
    }
    for name, token in tokens.items():
        monkeypatch.setenv(f"{name}_TOKEN", token)
    return box, other


def join(system: Sandbox, number: str, given: str, kind: str = "正社員") -> None:
    """Let somebody join who is in SmartHR only."""
    types = system.smarthr.masters["employment_types"]
    system.smarthr.add(
        emp_code=number, last_name="見本", first_name=given, gender="male",
        birth_at=f"19{70 + len(given)}-01-{int(number[-2:]):02}", entered_at="2020-04-01",
        employment_type_id=next(each["id"] for each in types if each["name"] == kind),
    )  # fmt: skip


def nightly(renkei: Renkei, lines: str) -> list[Result]:
    """Run the commands of an example, which are a first registration here."""
    return [renkei(line, "--allow-unusual", "--output", "json") for line in lines.splitlines()]


def test_several_sources_go_into_one_account(
    tmp_path: Path, group: tuple[Sandbox, Sandbox], renkei: Renkei
) -> None:
    """Each company's people are in its division, and no company touches those of the other."""
    tokyo, osaka = group
    for box, numbers, given in ((tokyo, ("0001", "0002"), "東"), (osaka, ("0001", "0003"), "大阪")):
        for number in numbers:
            join(box, number, given)
    found = examples("docs/operator.md")
    places = (
        ("https://tokyo.smarthr.jp/api", tokyo.smarthr.base_url),
        ("https://osaka.smarthr.jp/api", osaka.smarthr.base_url),
        (TIME, tokyo.touchontime.base_url),
    )
    configure(tmp_path, found["several-into-one"], *places)
    assert [done.code for done in nightly(renkei, found["several-nightly"])] == [0, 0]
    first, second = nightly(renkei, found["several-nightly"])
    assert (first.code, second.code) == (0, 0), first.out + second.out
    divisions = {row["code"]: row["divisionCode"] for row in tokyo.touchontime.people.values()}
    assert divisions == {"0001": "100", "0002": "100", "0003": "200"}
    assert len(tokyo.writes("touchontime")) == 3
    counts = [json.loads(each.out)["counts"] for each in (first, second)]
    assert counts[0] == {"new": 0, "changed": 0, "same": 2, "blocked": 0}
    assert counts[1] == {"new": 0, "changed": 0, "same": 1, "blocked": 1}
    (record,) = osaka.smarthr.find("0003")
    osaka.smarthr.edit(str(record["id"]), resigned_at="2027-01-31")
    tokyo.smarthr.people.clear()  # and nobody of the other company is taken for left
    tokyo_night, osaka_night = nightly(renkei, found["several-nightly"])
    assert (tokyo_night.code, osaka_night.code) == (0, 0)
    left = {row["code"]: row.get("resignationDate") for row in tokyo.touchontime.people.values()}
    assert left == {"0001": None, "0002": None, "0003": "2027-01-31"}


def test_one_source_goes_into_several_accounts(
    tmp_path: Path, group: tuple[Sandbox, Sandbox], renkei: Renkei
) -> None:
    """Each account gets the people of its numbers, of the kinds that are named, and no others."""
    tokyo, osaka = group
    for number, given, kind in (
        ("A001", "一", "正社員"), ("A002", "二二", "契約社員"), ("A003", "三三三", "専門嘱託"),
        ("B001", "四四四四", "専門嘱託"), ("C001", "五五五五五", "正社員"),
    ):  # fmt: skip
        join(tokyo, number, given, kind)
    found = examples("docs/operator.md")
    places = (
        (SMARTHR, tokyo.smarthr.base_url),
        ("https://tokyo.example.jp/v1.0", tokyo.touchontime.base_url),
        ("https://osaka.example.jp/v1.0", osaka.touchontime.base_url),
    )
    configure(tmp_path, found["one-into-several"], *places)
    for done in nightly(renkei, found["one-nightly"]):
        assert done.code == 0, done.out + done.err
    assert {row["code"] for row in tokyo.touchontime.people.values()} == {"A001", "A002"}
    assert {row["code"] for row in osaka.touchontime.people.values()} == {"B001"}
    for done in nightly(renkei, found["one-nightly"]):
        counts = json.loads(done.out)["counts"]
        assert counts["new"] == counts["changed"] == counts["blocked"] == 0
    assert len([*tokyo.writes("touchontime"), *osaka.writes("touchontime")]) == 3


# --- an office, and backups ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["office", "backup"])
def test_the_scripts_are_the_same_in_both_languages(name: str) -> None:
    """But for what comments say, and for what a table of clients is called."""
    pages = [examples(f"docs/{name}.md"), examples(f"docs/{name}.ja.md")]
    plain = [
        {n: re.sub(r"^# .*", "", t, flags=re.MULTILINE) for n, t in page.items()} for page in pages
    ]
    tables = [page.pop("clients", "").count(",") for page in plain]
    assert tables[0] == tables[1]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("language", ["", ".ja"])
def test_the_table_of_clients_is_read(tmp_path: Path, renkei: Renkei, language: str) -> None:
    """With its headers in either language, by the numbers of the office."""
    (tmp_path / "tokens").mkdir()
    for number, name in product((1001, 1002), ("smarthr", "touchontime")):
        token = tmp_path / "tokens" / f"{number}-{name}.token"
        token.write_text(f"{name}-of-{number}", encoding="utf-8")
        token.chmod(0o600)
    clients = examples(f"docs/office{language}.md")["clients"]
    (tmp_path / "clients.csv").write_text(clients, encoding="utf-8")
    done = renkei("renkei company import clients.csv", "--output", "json")
    assert json.loads(done.out)["companies"] == ["1001", "1002"]


def test_the_clients_of_an_office_are_synced_at_night(
    tmp_path: Path, box: Sandbox, other: Sandbox, renkei: Renkei
) -> None:
    """They are imported with their tokens, get a retention, and each has a run and a log."""
    found = examples("docs/office.md")
    other.touchontime.token = "of-another-client"  # the address is one for all
    (tmp_path / "tokens").mkdir()
    for number, place in ((1001, box), (1002, other)):
        for name, system in place.systems.items():
            token = tmp_path / "tokens" / f"{number}-{name}.token"
            token.write_text(system.token, encoding="utf-8")
    (tmp_path / "clients.csv").write_text(found["clients"], encoding="utf-8")
    given = tmp_path / "given"
    (programs := tmp_path / "bin").mkdir()
    stub = programs / "renkei"
    stub.write_text(f'#!/bin/sh\necho renkei "$@" >>{given}\n', encoding="utf-8")
    stub.chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def shell(lines: str) -> list[Result]:
        """Carry out *lines*, and then what they give renkei to do, in this process."""
        given.write_text("", encoding="utf-8")
        (tmp_path / "nightly.sh").write_text(lines, encoding="utf-8")
        subprocess.run(["sh", "nightly.sh"], env=environment, check=True)
        return [renkei(line) for line in sorted(given.read_text(encoding="utf-8").splitlines())]

    (imported,) = shell(found["import"])
    assert imported.code == 0, imported.err
    for number, place in ((1001, box), (1002, other)):
        file = tmp_path / "companies" / f"{number}.yaml"
        first, second, third = re.split(r"(?<=base_url: )\S+", file.read_text(encoding="utf-8"))
        one, two = (system.base_url for system in place.systems.values())
        file.write_text(f"{first}{one}{second}{two}{third}", encoding="utf-8")
    assert shell(found["retention"] * 2) == []
    (schedules,) = shell(found["schedules"])
    assert "nightly" in schedules.out
    done = shell(found["nightly"])
    assert [each.code for each in done] == [0] * 5
    nights = [json.loads(each.out) for each in done if each.out.startswith("{")]
    assert [night["company"] for night in nights] == ["1001", "1002"]
    assert box.writes("touchontime")
    codes = (tmp_path / "log" / "codes").read_text(encoding="utf-8")
    assert sorted(codes.splitlines()) == ["1001 0", "1002 0"]
    assert "values 90d" in renkei("renkei --company 1001 check").out
