"""Lists that do not come, lie, drift, hide people, lead elsewhere or blow up."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e import conftest as e2e
from tests.e2e.office import HASTY
from tests.pair import DIRECTIONS
from tests.result import Result
from tests.sampling import sample, sampled, some

from renkei.config import load_config
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.session import Session
from renkei.model import Selection
from renkei.people import FieldSpec, Label, Value
from renkei.runs import Runs
from renkei.testing import MemoryConnector, MemorySystem, installed
from renkei_sandbox import Sandbox, faults
from renkei_sandbox.faults import Fault
from renkei_sandbox.messages import Answer
from renkei_sandbox.system import System

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

office, empty_store, direction = e2e.office, e2e.empty_store, e2e.direction
collect = e2e._collect
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

PAGE = 10
PAGES = 6
EVERY_LIST = r"(crews|employees)$"


@pytest.fixture
def paged(office: Office) -> Office:
    """An office whose SmartHR is read in six small pages."""
    office.monkeypatch.setattr(Session.pages, "__kwdefaults__", {"query": None, "per_page": PAGE})
    office.configure(extra=HASTY)
    return office


def rows_changed(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Fault:
    """Return a fault for lists: other rows, and a total that agrees with them."""

    def changed(answer: Answer, _: System) -> Answer:
        rows = json.loads(answer.content())
        if len(rows) <= 2:
            return answer  # a look-up of one number
        rows = change(rows)
        answer.body = json.dumps(rows).encode()
        if "x-total-count" in answer.headers:
            answer.headers["x-total-count"] = str(len(rows))
        return answer

    return Fault(name="rows changed", change=changed)


def refused(office: Office, result: Result, code: str | None = None) -> None:
    """Require exit 4 in a sentence about SmartHR, a failed run, and not one write."""
    assert result.code == 4, result.out + result.err
    assert code in (None, result.error["code"])
    assert result.error["message"].startswith("smarthr")
    assert office.ask("reports").json["reports"][0]["status"] == "failed"
    assert office.sent() == []


# --- a page that does not come ------------------------------------------------------------------

NO_ANSWER: dict[str, Callable[[], Fault]] = {
    "silence": lambda: faults.slow(1),
    "connection closed": faults.disconnect,
    "bad gateway": lambda: faults.status(502),
    "cut in the middle": lambda: faults.cut(300, "body"),
}


@pytest.mark.fault("F01")
@sampled
@pytest.mark.parametrize("name", NO_ANSWER)
def test_whichever_page_never_comes_there_is_no_plan(paged: Office, name: str) -> None:
    """For each page of the list: exit 4, nothing stored as a plan; later it is read whole."""
    whole = sum(paged.ask("fetch", "smarthr", "touchontime").json["counts"].values())
    pages = [e for e in paged.box.journal if e.path.endswith("crews")]
    assert len(pages) == PAGES
    with paged.monkeypatch.context() as patch:
        patch.setattr(RetryBudget.__init__, "__defaults__", (0.2,))
        short = {"connect_s": 5.0, "read_s": 0.1, "call_s": 60.0, "list_s": 600.0}
        patch.setattr(Timeouts.__init__, "__kwdefaults__", short)
        for page in sample(range(1, PAGES + 1), 2):
            rule = paged.box.smarthr.faults.add(
                NO_ANSWER[name](), path="crews$", query={"page": str(page)}, times=None
            )
            refused(paged, paged.ask("fetch", "smarthr", "touchontime"))
            assert rule.seen >= 1
            paged.box.smarthr.faults.clear()
    assert sum(paged.ask("fetch", "smarthr", "touchontime").json["counts"].values()) == whole


@pytest.mark.fault("F01")
@pytest.mark.parametrize("page", some(range(1, PAGES + 1), 2))
def test_a_page_that_comes_at_the_third_try_costs_nothing(paged: Office, page: int) -> None:
    """500, then 504, then the page: the list is whole, after two further requests."""
    paged.monkeypatch.setattr("renkei.http.retry.ceiling_s", lambda _failures: 0.01)
    for nth, status in enumerate((500, 504), start=1):
        paged.box.smarthr.faults.add(
            faults.status(status, body=b""), path="crews$", query={"page": str(page)}, nth=nth
        )
    run = paged.fetched("smarthr", "touchontime")
    asked = [e.query["page"] for e in paged.box.journal if e.path.endswith("crews")]
    assert (asked.count(str(page)), len(asked)) == (3, PAGES + 2)
    quiet = paged.fetched("smarthr", "touchontime")
    assert paged.plan(run).keys() == paged.plan(quiet).keys()


@pytest.mark.fault("F04")
@pytest.mark.parametrize(
    ("system", "status"),
    [("smarthr", 500), ("touchontime", 502), ("smarthr", 503), ("touchontime", 504)],
)
def test_a_failing_system_is_not_hammered(office: Office, system: str, status: int) -> None:
    """However long it fails: each try waits longer than the one before, and then it is over."""
    office.monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (0.5,))
    office.monkeypatch.setattr("renkei.http.retry.random.uniform", lambda _low, high: high / 10)
    office.system(system).faults.add(faults.status(status, body=b""), times=None)
    result = office.ask("fetch", "smarthr", "touchontime")
    assert (result.code, result.error["where"]) == (4, system)
    asked = [entry.path for entry in office.box.journal if entry.system == system]
    whose = [path for path in asked if path.rpartition("/")[2] in ("companies", "company")]
    assert len(whose) == 1
    assert 2 <= len(asked) - len(whose) <= 4


# --- totals that lie ----------------------------------------------------------------------------


def total(says: str | None, *, page: str | None = None) -> Callable[[], Fault]:
    """Return a fault that says another total, on one page or on all."""

    def changed(answer: Answer, _: System) -> Answer:
        if "x-total-count" in answer.headers and page in (None, "3"):
            if says is None:
                del answer.headers["x-total-count"]
            else:
                true = int(answer.headers["x-total-count"])
                answer.headers["x-total-count"] = says.format(more=true + 1, fewer=true - 1)
        return answer

    return lambda: Fault(name="total", change=changed)


def third_page(change: Callable[[list[Any]], list[Any]]) -> Callable[[], Fault]:
    """Return a fault for the third page only, whose total stays true."""

    def changed(answer: Answer, _: System) -> Answer:
        answer.body = json.dumps(change(json.loads(answer.content()))).encode()
        return answer

    return lambda: Fault(name="third page", change=changed)


def no_links(answer: Answer, _: System) -> Answer:
    """Take away the addresses of the other pages."""
    answer.headers.pop("link", None)
    return answer


LIES: dict[str, tuple[Callable[[], Fault], dict[str, Any]]] = {
    "one too many": (total("{more}"), {}),
    "one too few": (total("{fewer}"), {}),
    "nought": (total("0"), {}),
    "one": (total("1"), {}),
    "another on the third page": (total("{more}", page="3"), {"nth": 3, "times": 1}),
    "missing on the third page": (total(None, page="3"), {"nth": 3, "times": 1}),
    "a word": (total("many"), {}),
    "negative": (total("-1"), {}),
    "endless": (total("9" * 40), {}),
    "missing": (total(None), {}),
    "no links": (lambda: Fault(name="no links", change=no_links), {}),
    "an empty page": (third_page(lambda _rows: []), {"nth": 3, "times": 1}),
    "a short page": (third_page(lambda rows: rows[:-1]), {"nth": 3, "times": 1}),
    "a page that repeats": (third_page(lambda rows: [rows[0]] * len(rows)), {"nth": 3, "times": 1}),
}


@pytest.mark.fault("F09")
@pytest.mark.parametrize(
    ("name", "pair"),
    [
        pytest.param(name, pair, marks=[pytest.mark.long] if (row + column) % 2 else [])
        for row, name in enumerate(LIES)
        for column, pair in enumerate(DIRECTIONS)
    ],
)
def test_a_list_that_does_not_add_up_is_never_compared(
    paged: Office, name: str, pair: Direction
) -> None:
    """However the total lies: everybody is there, after reading again perhaps, or no plan is."""
    whole = paged.ask("fetch", *pair).json["counts"]
    make, when = LIES[name]
    paged.box.smarthr.faults.add(make(), path="crews$", **{"times": None, **when})
    result = paged.ask("fetch", *pair)
    if result.code == 0:
        assert result.json["counts"] == whole
    else:
        refused(paged, result)


# --- lists that move, and people who hide -------------------------------------------------------


def moved(office: Office, chance: random.Random, *, kinds: str) -> None:
    """Let somebody come, go, or get another number in SmartHR."""
    smarthr = office.box.smarthr
    kind = chance.choice(kinds.split())
    someone = chance.choice(sorted(smarthr.people))
    if kind == "come":
        number = f"{chance.randint(0, 99):02d}-{chance.randint(0, 999)}"
        smarthr.add(emp_code=number, last_name="途", first_name="中", gender="male")
    elif kind == "go":
        smarthr.remove(someone)
    else:
        smarthr.edit(someone, emp_code=f"{chance.randint(0, 99):02d}-{chance.randint(0, 999)}")


@pytest.mark.fault("F15")
@pytest.mark.parametrize("seed", some(range(8), 4))
def test_a_list_that_moves_between_pages_is_read_again(paged: Office, seed: int) -> None:
    """One edit before any later page: the plan has exactly who is there afterwards."""
    chance = random.Random(seed)
    paged.box.smarthr.faults.add(
        faults.hook(lambda _: moved(paged, chance, kinds="come go renumber")),
        path="crews$", nth=chance.randint(2, PAGES),
    )  # fmt: skip
    run = paged.fetched("smarthr", "touchontime")
    quiet = paged.fetched("smarthr", "touchontime")
    assert paged.plan(run).keys() == paged.plan(quiet).keys()


@pytest.mark.fault("F15")
@pytest.mark.parametrize("kind", ["come", "go"])
def test_a_list_that_never_rests_is_given_up(paged: Office, kind: str) -> None:
    """Somebody comes or goes with every page: read three times, then exit 4 and the word."""
    chance = random.Random(1)
    paged.box.smarthr.faults.add(
        faults.hook(lambda _: moved(paged, chance, kinds=kind)), path="crews$", times=None
    )
    refused(paged, paged.ask("fetch", "smarthr", "touchontime"), "list_changed")
    first_pages = [e for e in paged.box.journal if e.query.get("page") == "1"]
    assert len(first_pages) == 3


@pytest.mark.fault("F15")
@pytest.mark.parametrize("seed", some(range(6), 3))
def test_nobody_is_created_again_because_a_list_moved(paged: Office, seed: int) -> None:
    """One comes as one goes, so that the total stays: nobody who exists is created."""
    chance = random.Random(seed)
    smarthr = paged.box.smarthr
    smarthr.switches.unique_emp_code = False

    def swap(_: object) -> None:
        moved(paged, chance, kinds="come")
        moved(paged, chance, kinds="go")

    smarthr.faults.add(faults.hook(swap), path="crews$", nth=chance.randint(2, PAGES), times=3)
    result = paged.ask("fetch", "touchontime", "smarthr")
    if result.code == 0:
        smarthr.faults.clear()
        before = {row["emp_code"] for row in smarthr.people.values()}
        paged.ask("sync", result.run, *paged.everybody("smarthr"), "--allow-unusual")
        assert not paged.creates("smarthr").keys() & before


@pytest.mark.fault("F16")
@pytest.mark.parametrize("when", ["at the fetch", "always"])
@pytest.mark.parametrize("percent", [3, 50, 100])
def test_whoever_a_list_hides_is_neither_gone_nor_created(
    office: Office, direction: Direction, percent: int, when: str
) -> None:
    """People whom the target's lists hide are asked for directly: nobody is created anew."""
    _, target = direction
    chance = random.Random(percent)
    system = office.system(target)
    if target == "smarthr":
        office.box.smarthr.switches.unique_emp_code = False
    there = {str(row[system.number_field]) for row in system.people.values()}
    fault = rows_changed(lambda rows: [r for r in rows if chance.random() * 100 >= percent])
    system.faults.add(
        fault, kind="read", path=EVERY_LIST, times=2 if when == "at the fetch" else None
    )
    result = office.ask("fetch", *direction)
    if result.code == 4:
        assert result.error["code"] == "access", "nobody at all is shown: roles are unknown"
        return
    if when == "at the fetch":
        system.faults.clear()
    sync = office.ask("sync", result.run, *office.everybody(target), "--allow-unusual")
    assert sync.code in (0, 1), sync.out
    assert not office.creates(target).keys() & there
    left = {"touchontime": "resignationDate", "smarthr": "resigned_at"}[target]
    planned = {
        number
        for number, item in office.plan(result.run).items()
        if any(change["field"] == left for change in item["changes"])
    }
    for entry in office.box.writes(target):
        number = str(system.people[str(entry.person)][system.number_field])
        assert left not in (entry.body or {}) or number in planned


@pytest.mark.fault("F16")
@pytest.mark.parametrize("percent", [3, 50, 97])
def test_whoever_the_source_hides_is_left_alone(
    office: Office, direction: Direction, percent: int
) -> None:
    """People missing from the source's list are in no plan: no write is about them."""
    source, target = direction
    chance = random.Random(percent)
    shown: set[str] = set()

    def hide(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left = [row for row in rows if chance.random() * 100 >= percent]
        shown.update(str(row.get(office.system(source).number_field)) for row in left)
        return left

    office.system(source).faults.add(rows_changed(hide), path=EVERY_LIST, times=None)
    run = office.fetched(*direction)
    assert office.ask("sync", run, *office.everybody(target), "--allow-unusual").code in (0, 1)
    system = office.system(target)
    for entry in office.box.writes(target):
        assert str(system.people[str(entry.person)][system.number_field]) in shown


# --- leading elsewhere --------------------------------------------------------------------------


@pytest.mark.fault("F14")
@pytest.mark.parametrize("status", [302, 307])
def test_no_request_goes_where_an_answer_points(office: Office, status: int) -> None:
    """To another host, another path, or in a circle: not followed; the other host sees nothing."""
    with Sandbox(people=0) as elsewhere:
        run = office.fetched("smarthr", "touchontime")
        own = office.box.touchontime.base_url
        for url in (f"{elsewhere.url}/touchontime/v1.0/employees", f"{own}/divisions", own):
            for kind in ("read", "create", "update"):
                office.box.clear_journal()
                office.box.touchontime.faults.add(faults.redirect(url, status), kind=kind)
                words = ["fetch", "smarthr", "touchontime"]
                if kind != "read":
                    words = ["sync", run, *office.everybody("touchontime")]
                result = office.ask(*words)
                assert result.code in (0, 4), result.out
                if kind == "read":
                    assert result.error["code"] == "redirect"
                    asked = [e for e in office.box.journal if e.system == "touchontime"]
                    assert len(asked) == 1
                office.box.touchontime.faults.clear()
        assert elsewhere.journal == []
        assert set(office.creates("touchontime").values()) <= {1}


# --- blowing up ---------------------------------------------------------------------------------

MEASURED = """\
import sys
from renkei_runner.main import run
code = run(sys.argv[1:])
status = open("/proc/self/status").read()
sys.stderr.write(status[status.index("VmHWM"):].split("kB")[0])
sys.exit(code)
"""


def measured(office: Office, *words: str, within_s: float = 50) -> tuple[int, str, int]:
    """Run a command by itself; return exit code, output, and the most memory it had, in kB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words, "--output", "json"],
        cwd=office.folder,
        env=office.environment(),
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return done.returncode, done.stdout, int(done.stderr.rpartition(":")[2])


@pytest.mark.long
@pytest.mark.fault("F11")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory is read from /proc")
def test_a_bomb_is_stopped_before_it_fills_the_memory(office: Office) -> None:
    """A few kilobytes that unpack into 200 MB, in either system's list: exit 4, memory as ever."""
    _code, _out, usual = measured(office, "fetch", "smarthr", "touchontime")
    bomb = gzip.compress(b'[{"id": "' + b"a" * 200_000_000, 1)
    bombs = {"smarthr": (bomb, "gzip"), "touchontime": (gzip.compress(bomb), "gzip, gzip")}
    for name, (body, encoding) in bombs.items():
        system = office.system(name)
        headers = {"content-encoding": encoding, "content-type": "application/json"}
        system.faults.add(
            faults.status(200, body=body, headers=headers), path=EVERY_LIST, times=None
        )
        code, out, peak = measured(office, "fetch", "smarthr", "touchontime")
        system.faults.clear()
        assert (code, json.loads(out)["error"]["where"]) == (4, name), out
        assert peak < usual + 100_000, f"{peak} kB instead of {usual} kB"


# --- absent, null, empty, there -----------------------------------------------------------------

ABSENT = object()
STATES: dict[str, object] = {"absent": ABSENT, "null": None, "empty": "", "text": "次の値"}
RULES = {
    "keep": "  - {pair: [note, memo]}",
    "clear": "  - {pair: [note, memo], to: {there: {empty: clear}}}",
    "not asked for": "",
}


def person(**values: object) -> dict[str, Value]:
    """Return an employee without what is absent."""
    return {name: value for name, value in values.items() if value is not ABSENT}  # type: ignore[misc]


def text_field(name: str, **more: Any) -> FieldSpec:
    """Return a text field of an invented system."""
    return FieldSpec(name=name, label=Label(ja=name, en=name), **more)


def expected(source: str, target: str, rule: str) -> tuple[bool, Value]:
    """Return whether a change is written, and to what: the whole rule in one place."""
    if rule == "not asked for" or "absent" in (source, target):
        return False, None
    if source == "text":
        return target != "text", "次の値"
    return rule == "clear" and target == "text", None


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MemorySystem, ...]]:
    """Two systems in memory that are installed as connectors `here` and `there`."""
    monkeypatch.setenv("TOKEN_OF_BOTH", "t0ken")
    number = {"role": "number", "required": True, "write": "create"}
    here = MemorySystem((text_field("no", **number), text_field("note")))
    there = MemorySystem((text_field("nr", **number), text_field("memo")))
    connection = '{{connector: {0}, base_url: "http://127.0.0.1:1", token: "env:TOKEN_OF_BOTH"}}'
    (tmp_path / "renkei.yaml").write_text(
        f"connections: {{here: {connection.format('here')}, there: {connection.format('there')}}}\n"
        "mappings: [{use: ./pair.yaml}]\n"
    )
    monkeypatch.chdir(tmp_path)
    with installed(
        here=lambda _connection: MemoryConnector(here),
        there=lambda _connection: MemoryConnector(there),
    ):
        yield here, there


@pytest.mark.fault("F18")
@pytest.mark.parametrize("rule", RULES)
def test_absent_null_and_empty_are_told_apart(
    two: tuple[MemorySystem, MemorySystem], tmp_path: Path, rule: str
) -> None:
    """Four states of the source, four of the target, three rules: only what is meant changes."""
    here, there = two
    (tmp_path / "pair.yaml").write_text(
        f"sides: [here, there]\nfields:\n  - {{pair: [no, nr]}}\n{RULES[rule]}\n"
    )
    ids = {}
    for source, target in product(STATES, STATES):
        number = f"{source}/{target}"
        here.add(**person(no=number, note=STATES[source]))
        old = "前の値" if target == "text" and source != "text" else STATES[target]
        ids[number] = there.add(**person(nr=number, memo=old))
    before = {key: dict(held.values) for key, held in there.people.items()}
    with Runs(load_config(tmp_path / "renkei.yaml"), who="tester") as runs:
        run = runs.fetch("here", "there")
        numbers = tuple(str(item.number) for item in runs.items(run.id))
        assert len(numbers) == 16
        runs.choose(run.id, Selection(numbers=numbers))
        runs.sync(run.id, allow_unusual=True)
    sent = {person: values for _kind, person, values in there.writes}
    for source, target in product(STATES, STATES):
        key = ids[f"{source}/{target}"]
        writes, value = expected(source, target, rule)
        assert sent.get(key, {}) == ({"memo": value} if writes else {}), (source, target)
        if not writes:
            assert there.people[key].values == before[key]
