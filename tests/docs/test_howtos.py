"""The how-tos work as they are printed: their files are read and their commands are run."""

from __future__ import annotations

import base64
import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve
from tests.docs.test_docs import examples
from tests.engine.provider import CLIENT, FIRST, SECRET, provided
from tests.result import Result
from tests.scim import TOKEN, Directory

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


@pytest.mark.parametrize("name", ["identity-provider", "oauth", "first-sync"])
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
