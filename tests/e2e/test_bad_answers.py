from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.pair import DIRECTIONS

from renkei.http.retry import RetryBudget
from renkei_sandbox import faults

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet
    from tests.e2e.office import Office
    from tests.result import Result

    from renkei_sandbox.faults import Fault
    from renkei_sandbox.messages import Kind

Direction = tuple[str, str]


def answered(body: str, status: int = 200) -> Fault:
    """Return the fault that answers with this body, as JSON."""
    return faults.status(status, body=body, headers={"content-type": "application/json"})


def some(cases: Iterable[tuple[str, ...]], every: int) -> list[ParameterSet]:
    """Return *cases*, all but every n-th of them marked long."""
    long = pytest.mark.long
    return [pytest.param(*c, marks=[long] if i % every else []) for i, c in enumerate(cases)]


ELSEWHERE = "https://evil.example.invalid/login"
FAULTS: dict[str, Callable[[], Fault]] = {
    "html": faults.html,
    "garbage": faults.garbage,
    "redirect": lambda: faults.redirect(ELSEWHERE),
    "object": lambda: answered('{"rows": []}'),
    "strings": lambda: answered('["a", "b"]'),
    "null id": lambda: answered('[{"id": null, "key": null}]'),
    "number": lambda: answered("7"),
    "teapot": lambda: answered("{}", 418),
}
"""Answers that make no sense: the command ends at once."""

PASSING: dict[str, Callable[[], Fault]] = {
    "bad gateway": lambda: faults.html(502),
    "500": lambda: answered("{}", 500),
    "503": lambda: answered("", 503),
    "empty": lambda: answered(""),
    "disconnect": faults.disconnect,
    "reset": faults.reset,
    "cut": lambda: faults.cut(40, "body"),
    "cut in the head": lambda: faults.cut(10),
}
"""Troubles that pass: a read is tried again."""


def one_clear_message(result: Result, code: int) -> None:
    """Require the exit code, one sentence for people, and nothing technical."""
    assert result.code == code, result.out + result.err
    message = result.error["message"]
    assert message.endswith((".", "?", ")")) or "renkei resume" in message, message
    assert "{" not in message
    assert "Traceback" not in result.err
    assert "evil" not in message.replace("evil.example.invalid", "")


@pytest.mark.fault("F07")
@pytest.mark.parametrize(
    ("system", "name"), some(product(["smarthr", "touchontime"], sorted(FAULTS)), 2)
)
def test_a_list_that_makes_no_sense_ends_the_fetch(office: Office, system: str, name: str) -> None:
    """Exit 4 and a message that names the connection; no plan, no write; the next fetch works."""
    rule = office.system(system).faults.add(FAULTS[name](), kind="read", times=None)
    result = office.ask("fetch", "smarthr", "touchontime")
    one_clear_message(result, 4)
    assert result.error["where"] == system
    assert system in result.error["message"]
    assert rule.seen <= 4
    [report] = office.ask("reports").json["reports"]
    assert report["status"] == "failed"
    office.system(system).faults.clear()
    assert office.ask("fetch", "smarthr", "touchontime").code == 0
    assert office.sent() == []


@pytest.mark.fault("F04")
@pytest.mark.parametrize("name", sorted(PASSING))
def test_a_read_is_tried_again(office: Office, direction: Direction, name: str) -> None:
    """A trouble that passes costs a moment and nothing else, on either side."""
    for system in direction:
        office.system(system).faults.add(PASSING[name](), kind="read", nth=1)
    result = office.ask("fetch", *direction)
    assert result.code == 0, result.out
    assert sum(result.json["counts"].values()) > 40


@pytest.mark.fault("F09")
@pytest.mark.parametrize(
    "options",
    [
        {"keep": 3}, {"keep": 0}, {"keep": 3, "framing": "close"}, {"keep": 3, "total": "matching"},
    ],
)  # fmt: skip
def test_a_list_that_is_too_short_is_no_plan(office: Office, options: dict[str, Any]) -> None:
    """Valid JSON with fewer people than the total: an error, or read again, never mass leavers."""
    smarthr = office.box.smarthr
    smarthr.faults.add("truncate", kind="read", times=None if options["keep"] else 3, **options)
    result = office.ask("fetch", "touchontime", "smarthr")
    if options.get("total") == "matching" or not options["keep"]:
        return  # nobody can tell such a list from a whole one
    one_clear_message(result, 4)
    assert office.sent() == []


@pytest.mark.parametrize(
    ("system", "status", "code", "said"),
    [
        ("smarthr", 401, 2, "token"),
        ("smarthr", 403, 3, "token"),
        ("smarthr", 403, 15, "address"),
        ("smarthr", 403, None, "access"),
        ("touchontime", 403, 100, "address"),
        ("touchontime", 401, 111, "token"),
        ("touchontime", 401, None, "token"),
    ],
)
def test_a_refused_token_is_said_at_once(
    office: Office, system: str, status: int, code: int | None, said: str
) -> None:
    """
    Exit 4, no second try, and the message says what to correct.

    Where only a right may be missing, whose account it is and the list are two questions.
    """
    body = b"" if code is None else None
    rule = office.system(system).faults.add(
        faults.status(status, code, body=body), kind="read", times=None
    )
    result = office.ask("fetch", "smarthr", "touchontime")
    one_clear_message(result, 4)
    assert said in result.error["message"]
    assert rule.seen == (1 if status == 401 else 2)
    assert len({entry.path for entry in office.box.journal if entry.system == system}) == rule.seen


@pytest.mark.fault("F05")
@pytest.mark.parametrize("system", ["smarthr", "touchontime"])
def test_maintenance_ends_a_command_at_once(office: Office, system: str) -> None:
    """503/9 and 500/300: no hammering, exit 4, and the word."""
    office.system(system).switches.maintenance = True
    began = time.monotonic()
    result = office.ask("fetch", "smarthr", "touchontime")
    one_clear_message(result, 4)
    assert result.error["code"] == "maintenance"
    assert "maintenance" in result.error["message"]
    assert time.monotonic() - began < 2
    assert sum(entry.system == system for entry in office.box.journal) <= 2


@pytest.mark.parametrize(
    ("source", "target", "kind", "name"),
    some(
        (
            (*pair, kind, name)
            for name, pair, kind in product(
                sorted({**FAULTS, **PASSING}), DIRECTIONS, ["create", "update"]
            )
        ),
        3,
    ),
)
def test_no_answer_to_a_write_loses_anything(
    office: Office, source: str, target: str, kind: Kind, name: str
) -> None:
    """Whatever comes instead of the answer, the sync or a resume ends with each write made once."""
    direction = (source, target)
    run = office.fetched(*direction)
    office.system(target).faults.add({**FAULTS, **PASSING}[name](), kind=kind)
    words = office.everybody(target)
    result = office.ask("sync", run, *words)
    for _ in range(3):
        if result.code == 0:
            break
        # "teapot" is a plain refusal of one employee
        assert result.code in ((1, 4) if name == "teapot" else (4,)), result.out
        again = ["sync", run, "--retry-failed"] if result.code == 1 else ["resume", run]
        result = office.ask(*again)
    assert (result.code, result.json["status"]) == (0, "done"), result.out
    counts = result.json["counts"]
    assert len(office.creates(target)) == counts["new"]
    assert set(office.creates(target).values()) == {1}
    second = office.ask("fetch", *direction).json["counts"]
    assert second["new"] == second["changed"] == 0


def people(office: Office, system: str, change: Callable[[dict[str, Any]], None]) -> Fault:
    """Return a fault that changes the third person of a list."""

    def changed(answer: Any, _: Any) -> Any:
        rows = json.loads(answer.content())
        if isinstance(rows, list) and len(rows) > 3:
            change(rows[2])
        answer.body = json.dumps(rows).encode()
        return answer

    return faults.Fault(name="odd person", change=changed)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("value", [7, {"a": 1}, "2026/4/1"])
@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_one_odd_value_blocks_one_employee(
    office: Office, direction: Direction, side: int, value: object
) -> None:
    """That person is blocked as unreadable, without the value; all others are compared."""
    names = {"smarthr": "birth_at", "touchontime": "birthDate"}
    system = direction[side]
    odd = people(office, system, lambda row: row.update({names[system]: value}))
    before = office.ask("fetch", *direction).json["counts"]
    office.system(system).faults.add(odd, path="(crews|employees)$", times=None)
    run = office.fetched(*direction)
    counts = office.ask("plan", run).json["counts"]
    assert sum(counts.values()) == sum(before.values())
    assert counts["blocked"] <= before["blocked"] + 1
    blocked = [n for n, i in office.plan(run).items() if "unreadable" in i["reasons"]]
    listed = counts["blocked"] > before["blocked"]
    assert bool(blocked) == listed
    assert names[system] in office.renkei("plan", run).out or not listed


@pytest.mark.fault("F01")
@pytest.mark.parametrize("system", ["smarthr", "touchontime"])
def test_nobody_is_reached_at_a_closed_port(office: Office, system: str) -> None:
    """A system that is not there is named; the command gives up within its 20 seconds."""
    path = office.folder / "renkei.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(office.system(system).base_url, "http://127.0.0.1:9/nothing"))
    office.monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (1.0,))
    began = time.monotonic()
    result = office.ask("fetch", "smarthr", "touchontime")
    one_clear_message(result, 4)
    assert result.error["where"] == system
    assert time.monotonic() - began < 3


@pytest.mark.fault("F04")
@pytest.mark.long
@pytest.mark.parametrize("name", ["disconnect", "500", "bad gateway"])
@pytest.mark.parametrize("kind", ["read", "create"])
def test_retries_take_at_most_twenty_seconds(office: Office, kind: str, name: str) -> None:
    """Without --wait a command gives up on a failing system after about 20 seconds in all."""
    run = office.fetched("smarthr", "touchontime")
    began = time.monotonic()
    if kind == "read":
        office.box.touchontime.faults.add(PASSING[name](), kind="read", times=None)
        result = office.ask("fetch", "smarthr", "touchontime")
    else:
        office.box.touchontime.faults.add(PASSING[name](), times=None)
        result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert result.code == 4
    assert time.monotonic() - began < 25


def test_a_system_that_fails_in_a_sync_pauses_it(office: Office, direction: Direction) -> None:
    """Paused with the resume command; nobody is failed; afterwards everything is done once."""
    office.allow(1)  # updates fail and creates do not: the order decides
    _, target = direction
    office.monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (0.3,))
    run = office.fetched(*direction)
    office.system(target).faults.add("status", status=502, kind="update", nth=2, times=None)
    result = office.ask("sync", run, *office.everybody(target))
    one_clear_message(result, 4)
    assert result.json["status"] == "paused"
    assert f"renkei resume {run}" in result.error["hint"]
    assert result.json["outcomes"]["failed"] == 0
    office.system(target).faults.clear()
    assert office.ask("resume", run).code == 0
    assert set(office.creates(target).values()) == {1}
