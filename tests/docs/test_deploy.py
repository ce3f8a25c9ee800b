"""deploy/: nothing runs as root, nothing is written that need not be, commands are ours."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click
import yaml
from tests.docs.test_docs import ROOT, page

from renkei_runner.cli import cli

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
IMAGE = (ROOT / "deploy/Containerfile").read_text("utf-8").replace("\\\n", " ")
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "renkei"}


def test_the_processes_have_no_rights_that_they_do_not_need() -> None:
    """Nobody's root, a file system that is read-only, no capabilities, time to stop in order."""
    assert {*OURS} == {"worker", "dashboard"}
    for each in OURS.values():
        assert each["user"] == "10001:10001"
        assert (each["read_only"], each["cap_drop"]) == (True, ["ALL"])
        assert each["security_opt"] == ["no-new-privileges:true"]
        assert each["stop_grace_period"] == "5m"
        assert "privileged" not in each
    assert OURS["worker"]["deploy"]["replicas"] == 2
    assert all("--cluster" in each["command"] for each in OURS.values())
    lines = IMAGE.splitlines()
    assert "USER 10001:10001" in lines
    assert not [line for line in lines if line.startswith("ADD ")]
    assert not re.search(r"curl|wget|sudo|:latest", IMAGE)


def test_each_command_is_one_of_ours() -> None:
    """Their words are read as the command line reads them."""
    assert 'ENTRYPOINT ["renkei"]' in IMAGE
    for each in OURS.values():
        words = each["command"]
        context = cli.make_context("renkei", list(words), resilient_parsing=True)
        name = words[2]
        command = cli.get_command(context, name)
        assert command is not None
        command.make_context(name, words[3:], parent=context, resilient_parsing=False)


def test_what_is_copied_and_mounted_is_there() -> None:
    """Files of the checkout, or of `make build`; secrets and folders that the page makes."""
    for line in IMAGE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for word in shlex.split(line)[1:-1]:
                assert word.startswith("dist/") or (ROOT / word).is_file(), word
    for name in ("docs/operation.md", "docs/operation.ja.md"):
        text = page(name)
        for secret in COMPOSE["secrets"].values():
            assert secret["file"].removeprefix("./") in text
        assert "10001:10001 data" in text


def test_the_dashboard_is_watched_as_it_says_itself() -> None:
    """The health check asks an address that answers without a log-in, and can be compiled."""
    python = OURS["dashboard"]["healthcheck"]["test"]
    assert python[:3] == ["CMD", "python", "-c"]
    compile(python[3], "healthcheck", "exec")
    assert "https://127.0.0.1:8780/readyz" in python[3]
    assert isinstance(cli, click.Group)
