"""Whatever a system answers: an error in our words, no hang, and never a wrong write.

A case is a seed. Its answers are those of the sandbox with one or two mutations; what may follow is
judged by the sandbox's journal and by reading the same answers a second time, independently.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from attrs import define, field, frozen
from tests.e2e.conftest import _collect
from tests.e2e.office import HASTY, TODAY, Office, tidy
from tests.pair import DIRECTIONS, NOON
from tests.reliability import mutations, reading
from tests.reliability.mutations import Mutant, Mutation, mutate
from tests.sampling import ALL, sample, sampled

from renkei.clock import Clock
from renkei.errors import InDoubtError, RecordError, RenkeiError, SystemFault
from renkei.http.connection import Connection
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.people import Employee, Ref, RequestLimit, Value
from renkei.plugins.writer import Writer
from renkei.store.store import Store
from renkei_sandbox import Sandbox, faults
from renkei_sandbox.faults import Fault, When
from renkei_sandbox.messages import Answer, dump

if TYPE_CHECKING:
    from renkei_sandbox.messages import Kind
    from renkei_sandbox.system import System

# The other side's thread of a failed fetch leaves its socket to Python: it is a daemon.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
__all__ = ["_collect"]

SYSTEMS = ("smarthr", "touchontime")
PEOPLE = 16
PER_PAGE = 6
LISTS = {"smarthr": 3, "touchontime": 2}
"""How many answers a whole list takes: pages of six, or the lists of two days."""

SIZE = 50
"""How many cases one test has."""

LONGEST_S = 20.0
"""No case may take so long in real time; it is a fraction of that unless something hangs."""

LONGEST_WAIT_S = 12 * 3600.0
"""Ten announced waits of an hour, one more held from an answer's headers, and what is tried on."""

LONGEST_LIST_S = 40 * 3600.0
"""Twelve walks through three pages, each with an announced wait of an hour, and some tries."""

Seed: TypeAlias = str


def blocks(few: int, many: int) -> range:
    """Return the numbers of *few* blocks; in the long run of *many*."""
    return range(many if ALL else few)


class Quick(Clock):
    """A clock whose waits take no time; each thread has waited for itself."""

    def __init__(self) -> None:
        super().__init__(None)
        self._waited = threading.local()
        self.total_s = 0.0

    def now(self) -> Any:
        """Stand still."""
        from datetime import datetime

        return datetime.fromisoformat(NOON)

    def monotonic(self) -> float:
        return time.monotonic() + float(getattr(self._waited, "s", 0.0))

    def sleep(self, seconds: float) -> None:
        assert seconds <= 5, "no single wait is longer than a slice"
        self._waited.s = getattr(self._waited, "s", 0.0) + seconds
        self.total_s += seconds


@define
class Told:
    """The answers of one system as they left it, with what was asked; some are made wrong."""

    seed: Seed
    mutations: Sequence[Mutation]
    nth: int
    forever: bool
    base: Callable[[Random, Answer, System], Answer] = lambda _rng, answer, _system: answer
    answers: list[tuple[int, bytes, dict[str, str]]] = field(factory=list)
    mutants: list[Mutant] = field(factory=list)

    def change(self, answer: Answer, system: System) -> Answer:
        """Note an answer; from the *nth* on it is a wrong one, for once or for ever."""
        at = len(self.answers) + 1
        if at == self.nth or (self.forever and at > self.nth):
            base = self.base(Random(self.seed), answer, system)
            mutant = mutate(f"{self.seed}", base, tuple(self.mutations))
            self.mutants.append(mutant)
            self.answers.append((mutant.status, mutant.body, dict(mutant.said)))
            return mutant.answer(answer)
        self.answers.append((answer.status, answer.content(), dict(answer.headers)))
        return answer

    def fault(self) -> Fault:
        """Return the fault that notes and changes."""
        return Fault(name="fuzz", change=self.change)


@define
class Desk:
    """One sandbox and a connection to each of its systems, with waits that take no time."""

    box: Sandbox
    clock: Quick
    opened: list[Connection] = field(factory=list)

    def writer(self, name: str) -> Writer:
        """Open a connection."""
        system = self.box.systems[name]
        connection = Connection(
            name=name,
            connector=name,
            base_url=system.base_url,
            token=Secret(system.token),
            clock=self.clock,
            read_only=False,
            budget=RetryBudget(20, clock=self.clock),
            closed_hours=(),
            limits=(RequestLimit(100_000, 1.0),),
        )
        self.opened.append(connection)
        return Writer(connection)


@contextmanager
def desk() -> Iterator[Desk]:
    """Open a sandbox for one case."""
    with Sandbox(people=PEOPLE, seed=1, now=NOON) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        made = Desk(box, Quick())
        yield made
        for connection in made.opened:
            connection.close()


@pytest.fixture(autouse=True)
def _pages_of_six(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a list of sixteen people have three pages."""
    monkeypatch.setattr(Session.pages, "__kwdefaults__", {"query": None, "per_page": PER_PAGE})


@contextmanager
def case(told: Told) -> Iterator[None]:
    """Bound the time of one case, and print all that is needed to repeat it if it fails."""
    began = time.monotonic()
    try:
        yield
        assert time.monotonic() - began < LONGEST_S
    except BaseException as error:
        answers = "\n".join(map(str, told.mutants))
        raise AssertionError(f"seed {told.seed!r}: {error!r}\n{answers}") from error


# --- lists --------------------------------------------------------------------------------------


def list_case(system: str, seed: Seed) -> Told:
    """Plan which answer of a list goes wrong."""
    rng = Random(f"{seed} where")
    nth = rng.randint(1, LISTS[system])
    return Told(seed, mutations.ANSWERS, nth, forever=rng.random() < 0.5)


def last_answers(
    box: Sandbox, name: str, told: Told
) -> Iterator[tuple[str, tuple[int, bytes, dict[str, str]]]]:
    """Yield each question and what was answered last to it, in order; pages may be walked again."""
    asked = [f"{e.path}?{sorted(e.query.items())}" for e in box.journal if e.system == name]
    tries = groupby(zip(asked, told.answers, strict=True), key=itemgetter(0))
    for question, answers in tries:
        *_earlier, (_same, last) = answers
        yield question, last


def people_said(box: Sandbox, name: str, told: Told) -> dict[str, reading.Row]:
    """Return everybody whom the answers list, by id; fails if one of them is no list."""
    identity = box.systems[name].id_field
    people: dict[str, reading.Row] = {}
    totals = set()
    for question, (status, body, headers) in last_answers(box, name, told):
        if name == "touchontime" and status == 400 and people:
            continue  # the vendor may refuse a date that is too far ahead
        assert 200 <= status < 300, status
        document = reading.strict(body, headers)
        assert isinstance(document, list)
        for row in reading.rows(document, identity):
            people.setdefault(row[identity], row)
        if "('emp_status'," not in question:  # that of the retired alone tells how many they are
            totals.add(headers.get("x-total-count", "").strip())
    counted = {int(total) for total in totals if re.fullmatch("[0-9]{1,9}", total)}
    if name == "smarthr" and counted:
        assert counted == {len(people)}, "a list that is not whole"
    return people


def check_list(system: str, seed: Seed) -> Told:
    """Read one list of which an answer is wrong."""
    told = list_case(system, seed)
    with desk() as office, case(told):
        reader = office.writer(system)
        fields = tuple(spec.name for spec in reader.fields)
        office.box.systems[system].faults.add(told.fault(), kind="read", times=None)
        with suppress(SystemFault):
            listed = list(reader.list_employees(TODAY, fields))
            said = people_said(office.box, system, told)
            assert [person.id for person in listed] == list(said)
            for person in listed:
                assert reading.agrees(person, said[person.id]), person.id
        assert office.box.writes(system) == []
        assert office.clock.total_s <= LONGEST_LIST_S
    return told


@pytest.mark.fault("F06", "F12", "F13")
@sampled
@pytest.mark.parametrize("block", blocks(2, 420))
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_list_is_what_was_said_or_an_error(system: str, block: int) -> None:
    """Either everybody as the answers have them, read strictly and whole, or a fault with words."""
    for index in range(SIZE):
        check_list(system, f"list {system} {block} {index}")


# --- other reads --------------------------------------------------------------------------------


def somebody(box: Sandbox, system: str) -> list[Employee]:
    """Return three people of a system, with the number and nothing else."""
    held = box.systems[system]
    field_name = held.number_field
    return [
        Employee(id=key, values={field_name: row[field_name]})
        for key, row in list(held.people.items())[:3]
    ]


def again(writer: Writer, people: Sequence[Employee]) -> Iterable[Employee]:
    """Read some again, by id and by number."""
    number = reading.number_field(writer)
    refs = [
        Ref(id=people[0].id),
        Ref(number=str(people[1].values[number])),
        Ref(number=str(people[2].values[number])),
    ]
    return writer.read_employees(refs, TODAY, tuple(spec.name for spec in writer.fields))


READS: dict[str, Callable[[Writer, Sequence[Employee]], Any]] = {
    "again": again,
    "choices": lambda writer, _people: writer.new_employee_fields(),
    "check": lambda writer, _people: writer.check(),
}


def read_case(name: str, seed: Seed) -> Told:
    """Plan which answer of a read goes wrong."""
    rng = Random(f"{seed} where")
    return Told(seed, mutations.ANSWERS, rng.randint(1, 3), forever=rng.random() < 0.7)


def check_read(system: str, name: str, seed: Seed) -> Told:
    """Carry out one read of which an answer is wrong."""
    told = read_case(name, seed)
    with desk() as office, case(told):
        writer = office.writer(system)
        people = somebody(office.box, system)
        office.box.systems[system].faults.add(told.fault(), kind="read", times=None)
        with suppress(SystemFault):
            found = READS[name](writer, people)
            said = everything_said(told)
            if name == "again":
                identity = office.box.systems[system].id_field
                for person in found:
                    rows = [row for row in said if row.get(identity) == person.id]
                    assert any(reading.agrees(person, row) for row in rows), person.id
            if name == "choices":
                codes = {row.get("code") for row in said} | {row.get("id") for row in said}
                assert {choice.code for new in found for choice in new.choices} <= codes
        assert office.clock.total_s <= LONGEST_WAIT_S
    return told


def everything_said(told: Told) -> list[reading.Row]:
    """Return every object at the top of an answer that can be read."""
    found: list[reading.Row] = []
    for status, body, headers in told.answers:
        if 200 <= status < 300:
            try:
                document = reading.strict(body, headers)
            except ValueError:
                continue
            listed = document if isinstance(document, list) else [document]
            found += [row for row in listed if isinstance(row, dict)]
    return found


@pytest.mark.fault("F06")
@sampled
@pytest.mark.parametrize("block", blocks(1, 40))
@pytest.mark.parametrize(("system", "name"), [*product(SYSTEMS, READS)])
def test_any_other_read_is_what_was_said_or_an_error(system: str, name: str, block: int) -> None:
    """Looking somebody up, the choices of a new employee, and the check of a connection."""
    for index in range(SIZE):
        check_read(system, name, f"read {system} {name} {block} {index}")


# --- writes -------------------------------------------------------------------------------------

REFUSALS: dict[str, tuple[tuple[int, int | None], ...]] = {
    "smarthr": (
        *((400, 1), (401, 2), (403, 3), (404, 4), (500, 5), (429, 6), (403, 7), (503, 9)),
        *((403, 15), (422, None), (409, None), (502, None), (504, None)),
    ),
    "touchontime": (
        *((403, 100), (403, 104), (403, 105), (401, 111), (400, 222), (500, 300), (429, 303)),
        *((400, 526), (404, None), (422, None), (502, None), (503, None)),
    ),
}
NEW: dict[str, dict[str, Value]] = {
    "smarthr": {
        "emp_code": "9001",
        "last_name": "架空",
        "first_name": "新",
        "last_name_yomi": "カクウ",
        "first_name_yomi": "アラタ",
        "gender": "female",
        "email": "p9001@example.com",
    },
    "touchontime": {
        "code": "9001",
        "lastName": "架空",
        "firstName": "新",
        "gender": "female",
        "emailAddresses": "p9001@example.com",
        "divisionCode": "200",
        "typeCode": "1",
    },
}
CHANGES: dict[str, dict[str, Value]] = {
    "smarthr": {"last_name": "別姓", "email": "other@example.com"},
    "touchontime": {"lastName": "別姓", "emailAddresses": "other@example.com"},
}


@frozen
class WriteCase:
    """A wrong answer to a write, and whether the write is carried out."""

    told: Told
    accepted: bool


def write_case(system: str, seed: Seed) -> WriteCase:
    """Plan what becomes of a write, and which of its answers go wrong."""
    rng = Random(f"{seed} where")
    accepted, forever = rng.random() < 0.6, rng.random() < 0.5
    if accepted:
        return WriteCase(Told(seed, mutations.ACCEPTED, 1, forever), accepted)
    refusal = rng.choice(REFUSALS[system])
    told = Told(seed, mutations.REFUSED, 1, forever, lambda _r, _a, it: it.failure(*refusal))
    return WriteCase(told, accepted)


def write(writer: Writer, box: Sandbox, kind: Kind) -> None:
    """Send the write of a case."""
    system = writer.name
    if kind == "create":
        values = dict(NEW[system])
        if system == "smarthr":
            values["biz_establishment_id"] = box.smarthr.masters["biz_establishments"][0]["id"]
        writer.create_employee(values)
        return
    (first,) = writer.read_employees(
        [Ref(id=next(iter(box.systems[system].people)))], TODAY, tuple(CHANGES[system])
    )
    writer.update_employee(first, CHANGES[system])


SAID_SO = ("not_stored", "changed_too", "created_without_number")
"""What is believed: an answer in which the system says what it has stored of a write."""


def check_write(system: str, kind: Kind, seed: Seed) -> Told:
    """Send one write whose answer is wrong."""
    planned = write_case(system, seed)
    told = planned.told
    with desk() as office, case(told):
        when: When = "after" if planned.accepted else "before"
        times = None if told.forever else 1
        writer = office.writer(system)
        office.box.systems[system].faults.add(told.fault(), kind=kind, when=when, times=times)
        error: RenkeiError | None = None
        try:
            write(writer, office.box, kind)
        except RenkeiError as raised:
            error = raised
        carried_out = office.box.writes(system)
        if kind == "create":
            assert len(carried_out) <= 1, "created twice"
        if error is None:
            assert carried_out, "taken for done"
        elif not isinstance(error, InDoubtError):
            believed = isinstance(error, RecordError) and error.code in SAID_SO
            assert believed or not carried_out, f"taken for not done: {error!r}"
        assert office.clock.total_s <= LONGEST_WAIT_S
    return told


@pytest.mark.fault("F25")
@sampled
@pytest.mark.parametrize("block", blocks(1, 160))
@pytest.mark.parametrize(("system", "kind"), [*product(SYSTEMS, ("create", "update"))])
def test_a_write_is_done_not_done_or_in_doubt(system: str, kind: Kind, block: int) -> None:
    """Done only if the system did it, certainly not done only if it did not; else in doubt."""
    for index in range(SIZE):
        check_write(system, kind, f"write {system} {kind} {block} {index}")


# --- how many -----------------------------------------------------------------------------------


def mutants(few: bool) -> Iterator[bytes]:
    """Yield what tells apart the first wrong answer of every case of a list or a write."""
    lists, writes = (4, 2) if few else (420, 160)
    with Sandbox(people=PEOPLE, seed=1, now=NOON) as box:
        for name in SYSTEMS:
            system = box.systems[name]
            shown = [system.show(row) for row in system.people.values()]
            pages = [shown[n : n + PER_PAGE] for n in range(0, PEOPLE, PER_PAGE)]
            for block, index in product(range(lists), range(SIZE)):
                told = list_case(name, f"list {name} {block} {index}")
                page = pages[told.nth - 1] if name == "smarthr" else shown
                headers = {"x-total-count": f"{len(shown)}", "content-type": mutations.JSON_TYPE}
                answer = Answer(status=200, body=dump(page), headers=headers)
                yield mutate(told.seed, answer, mutations.ANSWERS).digest
            for kind, block, index in product(("create", "update"), range(writes), range(SIZE)):
                told = write_case(name, f"write {name} {kind} {block} {index}").told
                answer = Answer(status=200, body=dump(shown[0]), headers={})
                base = told.base(Random(told.seed), answer, system)
                yield mutate(told.seed, base, tuple(told.mutations)).digest


@pytest.mark.parametrize(
    ("few", "least"), [(True, 600), pytest.param(False, 50_000, marks=pytest.mark.long)]
)
def test_the_wrong_answers_differ(few: bool, least: int) -> None:
    """So many different answers, byte for byte, are told in lists and after writes alone."""
    assert len(set(mutants(few))) >= least


# --- whole commands -----------------------------------------------------------------------------

FEW = 8
"""How many cases of whole commands one test has."""

READ_CODES, SYNC_CODES = (0, 4), (0, 1, 4)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Quick:
    """Let no command wait in real time."""
    clock = Quick()
    monkeypatch.setattr(Clock, "sleep", lambda _self, seconds: clock.sleep(seconds))
    monkeypatch.setattr(Clock, "monotonic", lambda _self: clock.monotonic())
    return clock


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store without runs."""
    path = tmp_path_factory.mktemp("empty") / "renkei.db"
    Store(str(path)).close()
    return path.read_bytes()


@contextmanager
def an_office(empty: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Open an office for one case."""
    with (
        TemporaryDirectory(prefix="renkei-fuzz-") as name,
        Sandbox(people=PEOPLE, seed=1, now=NOON) as box,
    ):
        for system in box.systems.values():
            system.switches.rate_limit = False
        office = Office(box=box, folder=Path(name), monkeypatch=monkeypatch)
        office.store.write_bytes(empty)
        office.store.chmod(0o600)
        office.configure(extra=HASTY)
        yield office
        tidy()


def told_well(result: Any, codes: Sequence[int]) -> None:
    """Require a documented exit code, a sentence, and no mistake of our own."""
    assert result.code in codes, result.out + result.err
    if "error" in result.json:
        assert result.error["code"] != "internal", result.out
        assert result.error["message"]


def settled(office: Office, target: str, sync: Sequence[str]) -> None:
    """Sync again without faults; the report then agrees with what the system has carried out."""
    for system in office.box.systems.values():
        system.faults.clear()
    result = office.ask(*sync)
    if result.code == 4:
        result = office.ask(*sync)
    told_well(result, (0, 1))
    system = office.system(target)
    done = Counter(entry.person for entry in office.box.writes(target))
    by_number = {row[system.number_field]: key for key, row in system.people.items()}
    for number, (outcome, reason) in office.outcomes(result.run).items():
        count = done.pop(by_number.get(number, ""), 0)
        if outcome in ("created", "updated"):
            assert count, (number, outcome)
        elif reason not in SAID_SO:
            assert not count, (number, outcome, reason)
    assert not done, "a write that no report has"


def judged(office: Office, source: str, target: str, told: Told, before: Sequence[Any]) -> None:
    """Require that nothing was written that the source does not say of that person."""
    system, number = office.system(target), office.system(target).number_field
    theirs = office.system(source).number_field
    true = list(office.system(source).people.values())
    said = [*true, *everything_said(told)]
    names = {b: a for a, b in reading.PAIRS.items()} if target == "touchontime" else reading.PAIRS
    existing = {row[number] for row in before}
    for entry in office.box.writes(target):
        if entry.kind == "create":
            assert entry.body[number] not in existing, "somebody is there twice"
        assert entry.person is not None
        whom = system.people[entry.person][number]
        rows = [row for row in said if row.get(theirs) == whom]
        for name, value in entry.body.items():
            if paired := names.get(name):
                assert reading.stand_behind(value, [row.get(paired) for row in rows]), name


def check_fetch(office: Office, pair: tuple[str, str], seed: Seed) -> Told:
    """Fetch while one list goes wrong, and sync all that the plan has."""
    source, target = pair
    rng = Random(f"{seed} where")
    wrong = rng.choice(pair)
    told = Told(seed, mutations.ANSWERS, rng.randint(1, LISTS[wrong]), forever=rng.random() < 0.5)
    with case(told):
        before = [dict(row) for row in office.system(target).people.values()]
        orders = office.system(wrong).faults
        orders.add(told.fault(), kind="read", path="(crews|employees)$", times=None)
        fetched = office.ask("fetch", source, target)
        told_well(fetched, READ_CODES)
        assert office.sent() == []
        orders.clear()
        if fetched.code == 0:
            spared = told if wrong == source else Told(seed, (), 0, forever=False)
            sync = ("sync", fetched.run, *office.everybody(target), "--allow-unusual")
            result = office.ask(*sync)
            judged(office, source, target, spared, before)
            if result.code != 2:  # nobody is new or changed
                told_well(result, SYNC_CODES)
                settled(office, target, sync)
    return told


def check_sync(office: Office, pair: tuple[str, str], seed: Seed) -> Told:
    """Sync while one answer of the target goes wrong: a look, a choice, or a write."""
    source, target = pair
    rng = Random(f"{seed} where")
    kind: Kind = rng.choice(("read", "create", "update", "update"))
    planned = write_case(target, seed)
    told = planned.told
    if kind == "read":
        told = Told(seed, mutations.ANSWERS, rng.randint(1, 5), forever=rng.random() < 0.3)
    with case(told):
        run = office.fetched(source, target)
        before = [dict(row) for row in office.system(target).people.values()]
        when: When = "after" if planned.accepted or kind == "read" else "before"
        times = None if told.forever or kind == "read" else 1
        office.system(target).faults.add(told.fault(), kind=kind, when=when, times=times)
        sync = ("sync", run, *office.everybody(target))
        told_well(office.ask(*sync), (*SYNC_CODES, 2))
        settled(office, target, sync)
        judged(office, source, target, Told(seed, (), 0, forever=False), before)
        assert max(office.creates(target).values(), default=0) <= 1, "created twice"
    return told


WHOLE = {"fetch": check_fetch, "sync": check_sync}


@pytest.mark.sqlite
@pytest.mark.fault("F03")
@sampled
@pytest.mark.parametrize("block", blocks(1, 20))
@pytest.mark.parametrize("what", WHOLE)
@pytest.mark.parametrize("pair", DIRECTIONS, ids=["to_touchontime", "to_smarthr"])
def test_no_answer_leads_a_command_to_a_wrong_write(  # noqa: PLR0917 - fixtures
    pair: tuple[str, str],
    what: str,
    block: int,
    quick: Quick,
    empty: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A documented exit code, nothing written that the source does not say, an honest report."""
    turn = DIRECTIONS.index(pair) + list(WHOLE).index(what)
    for index in sample(range(FEW), 2, turn):
        with an_office(empty, monkeypatch) as office:
            WHOLE[what](office, pair, f"whole {what} {pair[1]} {block} {index}")


# --- found by these tests -----------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "a\\udfff\\ud800b"])
@pytest.mark.parametrize("pair", DIRECTIONS, ids=["to_touchontime", "to_smarthr"])
def test_a_refusal_in_words_that_cannot_be_stored_is_a_refusal(
    pair: tuple[str, str], text: str, quick: Quick, empty: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a surrogate pair in a refusal's own words: that employee failed, the others go on."""
    with an_office(empty, monkeypatch) as office:
        run = office.fetched(*pair)
        body = f'{{"code": 1, "errors": [{{"code": "x", "message": "{text}"}}]}}'
        refusal = faults.status(400, body=body, headers={"content-type": mutations.JSON_TYPE})
        office.system(pair[1]).faults.add(refusal, kind="update", times=None)
        result = office.ask("sync", run, *office.everybody(pair[1]))
        told_well(result, (1,))
        assert result.json["outcomes"]["failed"] == 2
