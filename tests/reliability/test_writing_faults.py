"""What may happen to a sync while it writes: refusals, limits, choices, signals, memory."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e import conftest as e2e
from tests.pair import DIRECTIONS, NOON
from tests.result import Result
from tests.sampling import some

from renkei.database import opening
from renkei_sandbox import SmartHR, TouchOnTime, faults
from renkei_sandbox.system import System

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet
    from tests.e2e.office import Office
    from tests.postgres import Database

Direction = tuple[str, str]

office, empty_store, direction = e2e.office, e2e.empty_store, e2e.direction
collect = e2e._collect
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

REQUESTS = 18
"""The most requests that a sync of the office's people sends to its target."""


def finished(office: Office, run: str, direction: Direction) -> None:
    """Require that everybody chosen is written, once each, and that nothing is left to do."""
    _, target = direction
    result = office.ask("report", run)
    assert result.json["status"] == "done", result.out
    counts, outcomes = result.json["counts"], result.json["outcomes"]
    assert (outcomes["created"], outcomes["updated"]) == (counts["new"], counts["changed"])
    assert set(office.creates(target).values()) == {1}
    second = office.ask("fetch", *direction).json["counts"]
    assert second["new"] == second["changed"] == 0


# --- a whole system that refuses from some request on ------------------------------------------


def taken(system: System) -> None:
    """Take away the right to write employees."""
    system.switches.no_write = {system.collection}


def allow_address(system: System, *, allowed: bool) -> None:
    """Put the caller's address on the list, or take it off."""
    if isinstance(system, SmartHR):
        system.switches.ip_not_permitted = not allowed
    elif isinstance(system, TouchOnTime):
        system.switches.ip_permitted = allowed


def back(office: Office, system: System) -> None:
    """Let the system accept everything again."""
    system.restore()
    system.faults.clear()
    system.switches.maintenance = False
    system.switches.no_write = set()
    allow_address(system, allowed=True)
    office.box.clock.set(NOON)


REFUSALS: dict[str, Callable[[Office, System], object]] = {
    "token": lambda _office, system: system.revoke(),
    "right": lambda _office, system: taken(system),
    "address": lambda _office, system: allow_address(system, allowed=False),
    "maintenance": lambda _office, system: setattr(system.switches, "maintenance", True),
    "closed": lambda office, _system: office.box.clock.set("2026-11-20T17:30:00+09:00"),
}
SAID = {
    "token": ("access",),
    "right": ("right", "access"),
    "address": ("access",),
    "maintenance": ("maintenance",),
    "closed": ("closed",),
}


def refusals() -> list[ParameterSet]:
    """Return every refusal at every request in both directions; a part of them for each CI run."""
    cases = []
    for row, name in enumerate(REFUSALS):
        for column, pair in enumerate(DIRECTIONS):
            if name == "closed" and pair[1] == "smarthr":
                continue  # SmartHR never closes
            for k in range(1, REQUESTS + 1):
                here = k == (row * 2 + column) * 5 % REQUESTS + 1
                marks = [] if here else [pytest.mark.long]
                cases.append(pytest.param(name, pair, k, marks=marks, id=f"{name}-{pair[1]}-{k}"))
    return cases


@pytest.mark.fault("F05", "F33", "F35")
@pytest.mark.parametrize(("name", "pair", "k"), refusals())
def test_a_system_that_refuses_from_some_request_on_is_left_in_peace(
    office: Office, name: str, pair: Direction, k: int
) -> None:
    """Paused with the reason, nobody failed, few refusals; afterwards all is done once."""
    left_in_peace(office, name, pair, k)


@pytest.mark.fault("F33", "F63")
def test_a_system_is_left_in_peace_where_the_store_is_on_a_server(
    office: Office, postgres: Database
) -> None:
    """One case of the same; all of them are played there in the long run."""
    office.database = postgres
    office.configure()
    left_in_peace(office, "token", DIRECTIONS[0], 7)


def left_in_peace(office: Office, name: str, pair: Direction, k: int) -> None:
    """Let the target of a sync refuse everything from the k-th request on, until it is back."""
    _, target = pair
    in_flight = (1, 2, 8)[k % 3]
    office.allow(in_flight)
    system = office.system(target)
    run = office.fetched(*pair)
    office.box.clear_journal()
    system.faults.add(faults.hook(lambda _: REFUSALS[name](office, system)), nth=k)
    words = ("sync", run, *office.everybody(target))
    result = office.ask(*words)
    refused = [e for e in office.box.journal if e.status is not None and e.status >= 400]
    refused = [e for e in refused if e.kind != "read" or e.status not in (400, 404)]
    back(office, system)
    if result.code == 1:  # it can be read, and too few were left to tell whether it is the system
        assert name == "right"
        assert len(refused) in range(1, 2 + in_flight)
        assert office.ask("sync", run, "--retry-failed").code == 0
    elif result.code != 0:
        assert result.code == 4, result.out
        assert result.error["code"] in SAID[name]
        # Where only the right to write is gone, three are tried: it might be about one of them.
        assert 1 <= len(refused) <= (3 if name == "right" else 2) + in_flight - 1
        last = office.box.journal[-1] is refused[-1]
        assert name == "right" or in_flight > 1 or last, "nothing is sent after it"
        begun = result.json["status"] == "paused"
        assert begun or result.json["status"] == "ready"
        if begun:
            assert f"renkei resume {run}" in result.error["hint"]
            assert result.json["outcomes"]["failed"] == 0
        again = office.ask("resume", run) if begun else office.ask(*words)
        assert again.code == 0, again.out
    finished(office, run, pair)


# --- single refusals ---------------------------------------------------------------------------


@pytest.mark.fault("F26")
@pytest.mark.parametrize("seed", some(range(4), 2))
def test_any_share_of_refusals_concerns_only_those(
    office: Office, direction: Direction, seed: int
) -> None:
    """Some writes are refused, or all: just these fail; with --retry-failed only they go again."""
    _, target = direction
    chance = random.Random(seed)
    system = office.system(target)
    run = office.fetched(*direction)
    counts = office.ask("plan", run).json["counts"]
    share, refused = (0.0, 0.3, 0.7, 1.0)[seed], 0
    wheres: list[dict[str, Any]] = [
        *({"kind": "create", "nth": nth + 1} for nth in range(counts["new"])),
        *({"kind": "update", "path": each, "times": None} for each in ids(office, run, target)),
    ]
    for where in wheres:
        if chance.random() < share:
            system.faults.add("status", status=400, code=1, **where)
            refused += 1
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["outcomes"]["failed"]) == (1 if refused else 0, refused)
    everybody = counts["new"] + counts["changed"]
    assert len(office.box.writes(target)) == everybody - refused
    outcomes = [outcome for outcome, _reason in office.outcomes(run).values()]
    assert outcomes.count("failed") == refused
    system.faults.clear()
    office.box.clear_journal()
    if refused:
        assert office.ask("sync", run, "--retry-failed").code == 0
    assert len(office.box.writes(target)) == refused


def ids(office: Office, run: str, target: str) -> list[str]:
    """Return the target's ids of those who have changed."""
    system = office.system(target)
    found = [system.find(number) for number in office.numbers(run, "changed")]
    return [str(record[system.id_field]) for [record] in found]


@pytest.mark.fault("F27")
@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_plan_that_fills_up_takes_as_many_as_it_can(office: Office, room: int) -> None:
    """Creates stop at the first refusal, updates go on; with more room `resume` does the rest."""
    smarthr = office.box.smarthr
    run = office.fetched("touchontime", "smarthr")
    new = office.ask("plan", run).json["counts"]["new"]
    assert new == 2
    active = sum(row["emp_status"] != "retired" for row in smarthr.people.values())
    smarthr.switches.plan_limit = active + room
    result = office.ask("sync", run, *office.everybody("smarthr"))
    outcomes = result.json["outcomes"]
    assert result.code == (0 if room == new else 4)
    assert (outcomes["created"], outcomes["deferred"], outcomes["failed"]) == (room, new - room, 0)
    assert outcomes["updated"] == result.json["counts"]["changed"]
    refused = [entry for entry in office.sent("smarthr") if not entry.accepted]
    assert len(refused) == (room < new)
    smarthr.switches.plan_limit = None
    assert office.ask("resume", run).code == 0
    finished(office, run, ("touchontime", "smarthr"))


TABLES = {"touchontime": "divisions", "smarthr": "biz_establishments"}
CHOSEN = {"touchontime": ("code", "200"), "smarthr": ("name", "大阪支社")}


@pytest.mark.fault("F29")
@pytest.mark.parametrize(("change", "step"), [("gone", 1), ("gone", 2), ("renamed", 2)])
def test_a_choice_that_changes_at_any_step_reaches_nobody(
    office: Office, direction: Direction, change: str, step: int
) -> None:
    """Gone, or its code used for something else, at each look at the choices: no such create."""
    _, target = direction
    system = office.system(target)
    table, (key, value) = TABLES[target], CHOSEN[target]

    def vanish(_: object) -> None:
        row = next(row for row in system.masters[table] if row[key] == value)
        if change == "gone":
            system.masters[table].remove(row)
        else:
            row["name"] = "別の事業所"

    run = office.fetched(*direction)
    new = office.numbers(run, "new")
    system.faults.add(faults.hook(vanish), path=f"{table}$", nth=step)
    result = office.ask("sync", run, *office.everybody(target))
    assert office.creates(target) == {}
    if step == 1:  # the choice is not even stored
        assert (result.code, result.json["status"]) == (2, "ready")
        return
    assert result.code == 1
    outcomes = office.outcomes(run)
    assert {outcomes[number] for number in new} == {("failed", "choice_gone")}
    assert result.json["outcomes"]["updated"] == result.json["counts"]["changed"]


# --- a target that keeps its own form of what it gets ------------------------------------------

SETTLES = {
    "trim": True,
    "narrow": True,
    "nfc": True,
    "squeeze": False,
    "widen": True,
    "upper": False,
    "cp932": False,
    "shorten": False,
}
"""What the target does to texts, and whether renkei takes the result for the same."""

AWKWARD = (" 髙﨑  a", "か\u3099神𠮷乃ａｂｃｄｅｆｇ")


@pytest.mark.fault("F28", "F47")
@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        pytest.param(name, *pair, marks=[pytest.mark.long] if (row + column) % 2 else [])
        for row, name in enumerate(SETTLES)
        for column, pair in enumerate(DIRECTIONS)
    ],
)
def test_a_target_that_changes_what_it_gets_is_said_and_not_fought(
    office: Office, name: str, source: str, target: str
) -> None:
    """Equal but for width, NFC and spaces: done. Otherwise said, shown, one write a sync."""
    office.system(target).switches.normalise = [name]
    family, given = AWKWARD
    names = {"last_name": family, "first_name": given, "gender": "male"}
    office.box.smarthr.add(emp_code="Z1", birth_at="1990-05-06", **names)
    names = {"lastName": family, "firstName": given, "gender": "male"}
    office.box.touchontime.add(code="Z2", birthDate="1972-11-23", **names)
    first = office.ask("sync", office.fetched(source, target), *office.everybody(target))
    assert first.code == (0 if SETTLES[name] else 1)
    for _ in range(2):
        run = office.fetched(source, target)
        left = office.numbers(run, "changed")
        assert office.numbers(run, "new") == []
        assert bool(left) is not SETTLES[name]
        assert set(left) <= {"Z1", "Z2"}
        office.box.clear_journal()
        result = office.ask("sync", run, *office.everybody(target))
        assert len(office.sent(target)) == len(left)
        for number in left:
            for change in office.plan(run)[number]["changes"]:
                assert change["before"] != change["after"], "both are shown"
            assert office.outcomes(run)[number] == ("failed", "not_stored")
        assert result.code == (1 if left else 0)


# --- signals ------------------------------------------------------------------------------------

SIGNALS = {"INT": [signal.SIGINT], "TERM": [signal.SIGTERM], "twice": [signal.SIGINT] * 2}


def signals() -> list[ParameterSet]:
    """Return every signal at every request; a part of them for each CI run."""
    return [
        pytest.param(name, k, id=f"{name}-{k}", marks=[] if k % 6 == i * 2 else [pytest.mark.long])
        for i, name in enumerate(SIGNALS)
        for k in range(1, REQUESTS + 1)
    ]


@pytest.mark.fault("F54")
@pytest.mark.parametrize(("name", "k"), signals())
def test_a_signal_at_any_request_loses_nothing(office: Office, name: str, k: int) -> None:
    """Exit 130 with the command to go on, each write with one outcome; the rest is done later."""
    pair = DIRECTIONS[k % 2]
    _, target = pair
    run = office.fetched(*pair)

    def arrive(_: object) -> None:
        for each in SIGNALS[name]:
            os.kill(os.getpid(), each)

    before = signal.getsignal(signal.SIGTERM)
    system = office.system(target)
    system.faults.add(faults.hook(arrive), nth=k)
    system.faults.add("slow", seconds=0.05, nth=k)  # the signal comes before the answer
    words = ("sync", run, *office.everybody(target))
    result = office.ask(*words)
    assert signal.getsignal(signal.SIGTERM) is before
    assert result.code in (0, 130), result.out
    if result.code == 130:
        status = result.json["status"]
        if status == "ready":
            assert office.ask(*words).code == 0
        else:
            assert status == "paused"
            assert f"renkei resume {run}" in result.error["hint"]
            if name != "twice":
                outcomes = result.json["outcomes"]
                done = outcomes["created"] + outcomes["updated"]
                assert (done, outcomes["unknown"]) == (len(office.box.writes(target)), 0)
            assert office.ask("resume", run).code == 0
    finished(office, run, pair)


# --- memory and a store in use ------------------------------------------------------------------

LIMITED = """\
import resource, sys
from renkei_runner.main import run
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(run(sys.argv[2:]))
"""


def limited(office: Office, limit: int, *words: str) -> Result:
    """Run a command by itself with *limit* bytes of address space from its first line on."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *words, "--output", "json"],
        cwd=office.folder,
        env=office.environment(),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


MIB = 1024 * 1024


@pytest.mark.fault("F56")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit is not kept")
@pytest.mark.parametrize(
    "megabytes",
    [pytest.param(n, marks=[] if n in (60, 120) else [pytest.mark.long])
     for n in range(40, 240, 10)],
)  # fmt: skip
@pytest.mark.sqlite
def test_too_little_memory_ends_a_command_in_order(office: Office, megabytes: int) -> None:
    """One document and no traceback; the store stays whole, and with memory all is done once."""
    run = office.fetched("smarthr", "touchontime")
    words = ("sync", run, *office.everybody("touchontime"))
    result = limited(office, megabytes * MIB, *words)
    assert result.code in (0, 2, 4, 5, 130), result
    assert "Traceback" not in result.err
    if result.code:
        assert result.error["message"]
        again = ("resume", run) if office.ask("report", run).json.get("outcomes") else words
        assert office.ask(*again).code == 0
    finished(office, run, ("smarthr", "touchontime"))


@pytest.mark.sqlite
@pytest.mark.fault("F58")
@pytest.mark.parametrize("command", ["fetch", "sync", "reports"])
def test_a_store_that_somebody_else_holds_is_said_before_anything_is_sent(
    office: Office, command: str
) -> None:
    """Exit 5 after a short wait, naming the store; nothing was sent; afterwards it works."""
    run = office.fetched("smarthr", "touchontime")
    office.monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.1)
    words = {
        "fetch": ("fetch", "smarthr", "touchontime"),
        "sync": ("sync", run, *office.everybody("touchontime")),
        "reports": ("reports",),
    }[command]
    with closing(sqlite3.connect(office.store, isolation_level=None)) as other:
        other.execute("begin exclusive")
        result = office.ask(*words)
        assert (result.code, result.error["code"]) == (5, "store")
        assert "renkei.db" in result.error["message"]
        assert "another process" in result.error["message"]
        assert office.sent() == []
    assert office.ask(*words).code == 0
