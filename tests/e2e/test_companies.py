"""Several companies in one renkei.yaml, from the systems' own journals and what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.office import FAST
from tests.pair import NOON

from renkei_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.office import Office

OF_010 = "mappings: \n  - use: smarthr-touchontime\n    settings: {business_names: true}\n"
"""As it stood in a renkei.yaml of 0.1.0 with two companies: without sides."""


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """The systems of a second company."""
    with Sandbox(people=60, seed=2, now=NOON) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        yield box


def configure(office: Office, other: Sandbox, mappings: str) -> None:
    """Write a file for two companies."""
    lines = ["connections:"]
    for company, box in (("a", office.box), ("b", other)):
        for kind, short in (("smarthr", "hr"), ("touchontime", "kot")):
            name = f"{company}_{short}"
            office.env[f"{name.upper()}_TOKEN"] = box.systems[kind].token
            lines += [
                f"  {name}:",
                f"    connector: {kind}",
                f"    base_url: {box.systems[kind].base_url}",
                f"    token: env:{name.upper()}_TOKEN",
                f"    limits: {FAST}",
            ]
    text = "\n".join(lines) + f"\n{mappings}settings: {{settle_wait_seconds: 0}}\n"
    (office.folder / "renkei.yaml").write_text(text, encoding="utf-8")


def test_a_file_of_010_is_refused_with_the_lines_to_paste(office: Office, other: Sandbox) -> None:
    """Nothing is asked of any system; the lines, pasted, let this pair and no other be synced."""
    configure(office, other, OF_010)
    for words in (["fetch", "a_hr", "b_kot"], ["run", "a_hr", "a_kot", "--yes"]):
        result = office.ask(*words)
        assert (result.code, result.error["code"]) == (2, "not_paired")
    assert office.box.journal == []
    assert other.journal == []
    shown = office.renkei("fetch", "a_hr", "a_kot").err
    lines = shown[shown.index("mappings:") :]
    configure(office, other, lines)
    run = office.fetched("a_hr", "a_kot")
    assert office.ask("fetch", "a_hr", "b_kot").code == 2
    assert office.ask("fetch", "b_hr", "b_kot").code == 2
    assert office.ask("report", run).json["source"] == "a_hr"
    assert other.journal == []


def test_the_check_tells_a_file_of_010_what_to_write(office: Office, other: Sandbox) -> None:
    """Nothing can be fetched with it, so it is a problem; a declared pair is the next step."""
    configure(office, other, OF_010)
    result = office.renkei("check")
    assert result.code == 3
    assert "sides: {smarthr: …, touchontime: …}" in result.out
    both = "".join(
        f"  - {{use: smarthr-touchontime, sides: {{smarthr: {x}_hr, touchontime: {x}_kot}}}}\n"
        for x in "ba"
    )
    configure(office, other, f"mappings:\n{both}")
    shown = office.renkei("check")
    assert shown.code == 0
    assert "It is for b_hr and b_kot." in shown.out
    assert "renkei fetch b_hr b_kot" in shown.out


def test_a_setting_is_set_for_one_pair(office: Office, other: Sandbox) -> None:
    """Where several pairs have a mapping, one has to be named."""
    both = "".join(
        f"  - {{use: smarthr-touchontime, sides: {{smarthr: {x}_hr, touchontime: {x}_kot}}}}\n"
        for x in "ab"
    )
    configure(office, other, f"mappings:\n{both}")
    words = ("mapping", "set", "smarthr-touchontime", "business_names", "on")
    refused = office.renkei(*words)
    assert refused.code == 2
    assert "--pair SOURCE TARGET" in refused.err
    assert office.ask(*words, "--pair", "b_kot", "b_hr").code == 0
    text = (office.folder / "renkei.yaml").read_text(encoding="utf-8")
    on = [line for line in text.splitlines() if "business_names: true" in line]
    assert len(on) == 1
    assert "b_hr" in on[0]


@pytest.mark.sqlite
@pytest.mark.fault("F83")
def test_without_a_store_every_command_says_so(office: Office) -> None:
    """A lost history is not passed over: 5 where a run is named, none for lists, one line."""
    office.store.unlink()
    where = f"no store at {office.store}"
    for words in (
        ["plan", "1"], ["sync", "1", "--yes"], ["resume", "1"], ["cancel", "1"], ["report", "1"],
        ["mapping", "explain", "1", "0001"],
    ):  # fmt: skip
        result = office.ask(*words)
        assert (result.code, result.error["code"]) == (5, "store"), words
        assert where in result.error["message"]
    listed = office.ask("reports")
    assert (listed.code, listed.json["reports"]) == (0, [])
    assert where in listed.err
    assert office.ask("reports", "purge").code == 0
    check = office.renkei("check")
    assert check.code == 0
    assert where in check.out
    assert not office.store.exists()
    made = office.ask("fetch", "smarthr", "touchontime")
    assert made.code == 0
    assert f"A new report store was made at {office.store}" in made.err
    assert "new report store" not in office.ask("fetch", "smarthr", "touchontime").err


@pytest.mark.sqlite
def test_a_store_that_cannot_be_opened_is_a_problem(office: Office) -> None:
    """The check does not say that the work can be done."""
    office.store.write_bytes(b"no store of ours")
    result = office.ask("check")
    assert result.code == 5
    assert str(office.store) in result.error["message"]
