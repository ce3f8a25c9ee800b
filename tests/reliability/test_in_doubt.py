"""Writes whose answer is lost: cut at each byte, late, of somebody else, or no answer at all.

One sync writes a crowd, and the answer to its k-th write is cut after byte k. Time passes while
renkei waits and only then, so that a look-up that does not wait sees what was there before.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import pytest
from attrs import define
from tests.e2e.office import Office
from tests.pair import DIRECTIONS, NOON
from tests.result import Result
from tests.sampling import sample, sampled
from tests.waiting import Waiting

from renkei.http.retry import RetryBudget
from renkei.testing.proxy import Cut, Drop, Fault, Instead, Late, Proxy, Request
from renkei_sandbox import Sandbox
from renkei_sandbox.journal import Entry

Kind = Literal["create", "update"]
F = TypeVar("F", bound=Fault)

METHODS = {
    ("smarthr", "create"): "POST",
    ("smarthr", "update"): "PATCH",
    ("touchontime", "create"): "POST",
    ("touchontime", "update"): "PUT",
}
KINDS = ("create", "update", "refused")
OUTCOMES = {"create": "created", "update": "updated"}
SETTLE_S = 2
WHENS: tuple[Literal["head", "body"], ...] = ("head", "body")
GATEWAY = b"HTTP/1.1 504 Gateway Time-out\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

GARBAGE = (
    b"", b" ", b"{}", b"[]", b"[{}]", b"null", b"true", b"0", b'""', b"{", b"}", b"nonsense",
    b"<!DOCTYPE html><html></html>", b'{"id":1,"key":1}', b'{"id":null,"key":null}',
    b'{"id":"","key":""}', b'{"id":"x","emp_code":"x","key":"x","code":"x"}', b"[" * 1000,
    b'{"id":NaN,"key":NaN}', b'{"id":"a","id":"b","key":"a","key":"b"}', b"\xff\xfe{}",
    b"\xef\xbb\xbf{}", b'{"id":"\\ud800","key":"\\ud800"}', b"1" * 5000,
)  # fmt: skip

READABLE = {
    *("id", "emp_code", "emp_status", "last_name", "first_name", "gender", "birth_at"),
    *("entered_at", "resigned_at", "email"),
}
"""The attributes of SmartHR that the token may read: the fewer, the shorter its answers."""

LENGTH = {
    ("smarthr", "create"): 628,
    ("smarthr", "update"): 538,
    ("smarthr", "refused"): 513,
    ("touchontime", "create"): 312,
    ("touchontime", "update"): 435,
    ("touchontime", "refused"): 213,
}
"""How many bytes an answer has; each test looks whether that still holds."""


@define
class Crowd:
    """An office with a proxy before its target, and a crowd on the source."""

    office: Office
    proxy: Proxy
    source: str
    target: str
    passing: list[Callable[[float], object]]
    """What happens while renkei waits for a number of seconds."""
    resumed: int = 0

    def bring(self, kind: Kind, number: str, *, refused: bool = False) -> str:
        """Put somebody on the source whom the target lacks or has otherwise, and may refuse."""
        mail = f"nowhere.{number}" if refused else f"to.{number}@example.com"
        self.office.system(self.source).add(**person_of(self.source, number, mail))
        if kind == "update":
            before = person_of(self.target, number, f"by.{number}@example.com")
            self.office.system(self.target).add(**before)
        return number

    def hurt(
        self,
        kind: Kind,
        faults: Sequence[Fault | None],
        before: Callable[[int], object] = lambda _nth: None,
        *,
        once: bool = False,
    ) -> None:
        """
        Let these happen to the first writes of a *kind*, and *before* each what it says.

        *once*: a write to an address that has had one does not count; all updates differ in it.
        """
        method = METHODS[self.target, kind]
        written: set[str] = set()
        if kind == "update":
            self.never_try_again()

        def script(request: Request) -> Fault | None:
            if request.method != method or (once and request.path in written):
                return None
            nth = len(written) if once else request.nth
            written.add(request.path)
            if nth >= len(faults):
                return None
            before(nth)
            return faults[nth]

        self.proxy.script = script

    def never_try_again(self) -> None:
        """Let an update whose answer was lost be in doubt; usually it is sent again at once."""
        self.office.monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (0.0,))

    def synced(self) -> tuple[str, Result]:
        """Fetch, sync all new and changed, and resume as often as the run pauses."""
        run = self.office.fetched(self.source, self.target)
        self.office.box.clear_journal()
        words = (*self.office.everybody(self.target), "--allow-unusual")
        result = self.office.ask("sync", run, *words)
        while result.json["status"] == "paused" or result.json["outcomes"]["unknown"]:
            assert self.resumed < 100, result
            self.resumed += 1
            result = self.office.ask("resume", run)
        return run, result

    def is_written(self, number: str) -> bool:
        """Return whether the target has accepted a write of this employee, by its own journal."""
        return any(entry.accepted for entry in self.journal().get(number, ()))

    def journal(self) -> dict[str, list[Entry]]:
        """Return what the target was asked about each employee: reads that show them, writes."""
        system = self.office.system(self.target)
        numbers = {key: str(record[system.number_field]) for key, record in system.people.items()}
        source = self.office.system(self.source)
        everybody = [str(person[source.number_field]) for person in source.people.values()]
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.office.box.journal:
            if entry.system != self.target:
                continue
            if entry.kind == "create":
                found[entry.body[system.number_field]].append(entry)
            elif entry.kind == "update":
                found[numbers[entry.path.rpartition("/")[2]]].append(entry)
            else:
                for number in everybody if _is_list(entry) else _asked_for(entry, numbers):
                    found[number].append(entry)
        return found


def _is_list(entry: Entry) -> bool:
    """Return whether a read is about everybody, those included whom the target lacks."""
    table = entry.path.rpartition("/")[2]
    return table in ("employees", "crews") and not {"emp_code", "id"} & entry.query.keys()


def _asked_for(entry: Entry, numbers: Mapping[str, str]) -> Sequence[str]:
    """Return the numbers of those whom a read names; *numbers* are the target's, by id."""
    *_, table, last = entry.path.split("/")
    if table == "employees":
        return [last]
    if "emp_code" in entry.query:
        return [entry.query["emp_code"]]
    ids = [last] if table == "crews" else entry.query.get("id", "").split(",")
    return [numbers[each] for each in ids if each in numbers]  # a damaged answer has nobody's id


def person_of(system: str, number: str, mail: str) -> dict[str, Any]:
    if system == "smarthr":
        name = {"last_name": "見本", "first_name": "花子"}
        return {"emp_code": number, **name, "gender": "female", "email": mail}
    name = {"lastName": "見本", "firstName": "花子"}
    return {"code": number, **name, "gender": "female", "emailAddresses": [mail]}


@pytest.fixture(params=DIRECTIONS, ids=["to_touchontime", "to_smarthr"])
def crowd(
    request: pytest.FixtureRequest,
    store_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    waiting: Waiting,
) -> Iterator[Crowd]:
    """An office without people, in which waiting takes no time, however long it is."""
    source, target = request.param
    with (
        TemporaryDirectory(prefix="renkei-") as folder,
        Sandbox(people=0, now=NOON) as box,
        Proxy(box.url) as proxy,
    ):
        box.clock.freeze()
        box.smarthr.switches.hidden = set(box.smarthr.show({})) - READABLE
        for system in box.systems.values():
            system.switches.rate_limit = False
        box.systems[target].origin = proxy.url
        office = Office(box=box, folder=Path(folder), monkeypatch=monkeypatch, in_flight=1)
        office.store.write_bytes(store_bytes)
        office.store.chmod(0o600)
        office.configure(
            extra="mappings: [{use: smarthr-touchontime}]\n"
            f"settings: {{settle_wait_seconds: {SETTLE_S}}}"
        )
        waiting.passing.append(box.clock.advance)
        monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (1e9,))
        yield Crowd(office, proxy, source, target, waiting.passing)


def judge(
    crowd: Crowd, run: str, expected: Mapping[str, str], *, excused: Collection[str] = ()
) -> None:
    """
    Look at what the target's own journal says of everybody, and whether the report agrees.

    A write that was accepted is the last one of its employee; before one is sent a second time,
    two reads have shown that the first had no effect, or one that a refused one is as it was.
    Those who are *excused* may be told as failed: what was stored is judged all the same.
    """
    office, target = crowd.office, crowd.office.system(crowd.target)
    told = {number: outcome for number, (outcome, _why) in office.outcomes(run).items()}
    odd = {each for each in expected if told[each] != expected[each]}
    assert {each for each in odd if told[each] != "failed"} == set()
    assert odd <= set(excused), {each: office.outcomes(run)[each] for each in odd}
    assert told.keys() == expected.keys()
    done = {number for number, outcome in expected.items() if outcome in OUTCOMES.values()}
    left = {number for number in odd if not crowd.is_written(number)}
    done -= left
    for number, entries in crowd.journal().items():
        writes = [place for place, entry in enumerate(entries) if entry.kind in OUTCOMES]
        accepted = [place for place in writes if entries[place].accepted]
        assert len(accepted) == (number in done), (number, entries)
        assert accepted in ([], writes[-1:]), f"{number} was sent again after it was accepted"
        for one, other in pairwise(writes):
            reads = [entry for entry in entries[one:other] if entry.kind == "read"]
            was_refused = (entries[one].kind, entries[one].status) == ("update", 400)
            assert len(reads) >= (1 if was_refused else 2), f"{number} was sent again blindly"
    there = [record[target.number_field] for record in target.people.values()]
    assert len(set(there)) == len(there)
    office.box.clock.advance(SETTLE_S)
    plan = office.plan(office.fetched(crowd.source, crowd.target))
    assert {number for number, item in plan.items() if item["difference"] == "same"} == done


def looked_up(crowd: Crowd, hurt: Mapping[str, Fault | None]) -> None:
    """
    A write that never arrived has a read before it, two that prove it, and one before the next.

    The target's journal does not have the first write, so it is told by the reads.
    """
    journal = crowd.journal()
    for number, fault in hurt.items():
        kinds = [entry.kind for entry in journal[number]]
        before = kinds[: next(place for place, kind in enumerate(kinds) if kind in OUTCOMES)]
        assert len(before) >= (4 if fault else 1), f"{number} was sent again blindly: {kinds}"


def cut_at_each_byte(crowd: Crowd, answer: str) -> list[Cut]:
    """Return a cut after each byte of an answer of this kind, by FIN and by RST in turn."""
    every = range(LENGTH[crowd.target, answer])
    return [Cut(k, reset=bool(k % 2)) for k in sample(every, 32, KINDS.index(answer))]


def was_cut_at_each_byte(crowd: Crowd, kind: Kind, status: int) -> None:
    """The answers with this *status* were cut at each byte: all are as long as was thought."""
    lengths = {
        len(answer)
        for request, answer in crowd.proxy.answers
        if request.method == METHODS[crowd.target, kind]
        and answer.startswith(f"HTTP/1.1 {status}".encode())
    }
    assert lengths == {LENGTH[crowd.target, "refused" if status == 400 else kind]}


@pytest.mark.sqlite
@pytest.mark.fault("F19", "F22")
@sampled
@pytest.mark.parametrize(
    ("kind", "visible"), [("create", "at once"), ("create", "late"), ("update", "at once")]
)
def test_an_accepted_write_whose_answer_is_cut_is_found(
    crowd: Crowd, kind: Kind, visible: str
) -> None:
    """At each byte: nothing is sent again, nobody is failed or in doubt, one sync is enough."""
    if visible == "late":
        crowd.office.system(crowd.target).switches.create_delay_s = SETTLE_S - 0.5
    faults = cut_at_each_byte(crowd, kind)
    numbers = [crowd.bring(kind, f"{place:04d}") for place, _fault in enumerate(faults)]
    crowd.hurt(kind, faults)
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (0, 0)
    was_cut_at_each_byte(crowd, kind, 201 if kind == "create" else 200)
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))


@pytest.mark.sqlite
@pytest.mark.fault("F19")
@sampled
@pytest.mark.parametrize("kind", ["create", pytest.param("update", marks=pytest.mark.long)])
def test_a_refused_write_whose_answer_is_cut_is_sent_again_and_failed(
    crowd: Crowd, kind: Kind
) -> None:
    """
    At each byte of the head: absent at two look-ups, sent once more, failed with the reason.

    A whole head is a refusal, however little follows it.
    """
    faults = with_good_ones(cut_at_each_byte(crowd, "refused"))
    numbers = [
        crowd.bring(kind, f"{place:04d}", refused=fault is not None)
        for place, fault in enumerate(faults)
    ]
    crowd.hurt(kind, faults, once=kind == "update")
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (1, 0)
    was_cut_at_each_byte(crowd, kind, 400)
    ends = ["failed" if fault else OUTCOMES[kind] for fault in faults]
    judge(crowd, run, dict(zip(numbers, ends, strict=True)))
    reasons = {why for outcome, why in crowd.office.outcomes(run).values() if outcome == "failed"}
    assert reasons == {"refused"}
    heads = [fault for fault in faults if fault and fault.after < head_of_refusal(crowd)]
    refusals = [entry for entry in crowd.office.sent(crowd.target) if not entry.accepted]
    again = len(heads)
    if kind == "update" and crowd.target == "touchontime":
        again = ends.count("failed")  # words that are cut may mean that it wants the base values
    assert len(refusals) == ends.count("failed") + again


def head_of_refusal(crowd: Crowd) -> int:
    """Return how many bytes the head of a refusal has."""
    refusal = next(each for _request, each in crowd.proxy.answers if each[9:12] == b"400")
    return refusal.index(b"\r\n\r\n") + 4


def with_good_ones(faults: Iterable[F]) -> list[F | None]:
    """Return these with a None after every two: three in a row without effect pause a run."""
    mixed: list[F | None] = []
    for place, fault in enumerate(faults):
        mixed += [fault] if place % 2 == 0 else [fault, None]
    return mixed


@pytest.mark.sqlite
@pytest.mark.fault("F19")
@sampled
@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_write_that_is_carried_out_after_its_connection_died_is_found(
    crowd: Crowd, kind: Kind
) -> None:
    """A gateway gives up, its answer is cut at each byte; the system does it a moment later."""
    places = sample(range(len(GATEWAY) + 1), 10, turn(crowd, kind))
    faults = [Late(GATEWAY[:k], reset=bool(k % 2)) for k in places]
    numbers = [crowd.bring(kind, f"{place:04d}") for place, _fault in enumerate(faults)]
    crowd.hurt(kind, faults)
    crowd.passing.append(lambda _seconds: crowd.proxy.deliver())
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (0, 0)
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", ["create", "update"])
def test_three_writes_without_effect_pause_the_run(crowd: Crowd, kind: Kind) -> None:
    """Then nobody else is sent; each resume tries again, and the last one ends it."""
    numbers = [crowd.bring(kind, f"{place:04d}") for place in range(8)]
    crowd.hurt(kind, [Drop("body") for _time in range(6)])
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (0, 2)
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))


@pytest.mark.sqlite
@pytest.mark.fault("F82")
@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_connection_that_ends_as_the_write_arrives(crowd: Crowd, kind: Kind) -> None:
    """Kept alive and closed at that moment: not one byte of an answer tells, a look-up does."""
    drops = [Drop(when, reset=reset) for when in WHENS for reset in (False, True)]
    faults = with_good_ones(drops * 3)
    numbers = [crowd.bring(kind, f"{place:04d}") for place, _fault in enumerate(faults)]
    crowd.hurt(kind, faults)
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (0, 0)
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))
    assert len(crowd.office.sent(crowd.target)) == len(numbers)
    looked_up(crowd, dict(zip(numbers, faults, strict=True)))


@pytest.mark.sqlite
@pytest.mark.fault("F82")
@pytest.mark.parametrize("idle_s", [0.0, 0.0005, 0.002])
def test_connections_are_closed_while_idle(crowd: Crowd, idle_s: float) -> None:
    """At once, or just about when the next request comes: everybody is written once."""
    crowd.proxy.idle_s = idle_s
    numbers = [crowd.bring("create", f"{place:04d}") for place in range(20)]
    run, result = crowd.synced()
    assert result.code == 0
    judge(crowd, run, dict.fromkeys(numbers, "created"))


@pytest.mark.sqlite
@pytest.mark.fault("F23")
@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("done", [True, False])
def test_a_redirect_is_no_success_and_is_not_followed(
    crowd: Crowd, kind: Kind, *, done: bool
) -> None:
    """Whatever its status and wherever it leads: looked up; nothing is sent there."""
    with Proxy(crowd.proxy.server) as elsewhere:
        shown = [
            f"HTTP/1.1 {status} Moved\r\nlocation: {place}\r\nconnection: close\r\n\r\n".encode()
            for status in (301, 302, 303, 307, 308)
            for place in (f"{elsewhere.url}/elsewhere", "/elsewhere")
        ]
        faults = with_good_ones(answered(each, done=done) for each in shown)
        numbers = [crowd.bring(kind, f"{place:04d}") for place, _fault in enumerate(faults)]
        crowd.hurt(kind, faults)
        run, result = crowd.synced()
        assert (result.code, crowd.resumed) == (0, 0)
        assert elsewhere.requests == []
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))
    assert not [each for each in crowd.proxy.requests if "elsewhere" in each.path]
    if not done:
        looked_up(crowd, dict(zip(numbers, faults, strict=True)))


def turn(crowd: Crowd, kind: Kind) -> int:
    """Return which turn of a sample is that of a direction and a kind of write."""
    return DIRECTIONS.index((crowd.source, crowd.target)) + KINDS.index(kind)


def answered(shown: bytes, *, done: bool) -> Fault:
    """Return the fault that shows this answer to a write that is carried out, or is not."""
    return Instead(lambda _true: shown) if done else Late(shown)


@pytest.mark.sqlite
@pytest.mark.fault("F25")
@sampled
@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_is_not_this_employee_s_proves_nothing(
    crowd: Crowd, kind: Kind, *, done: bool
) -> None:
    """Garbage, nothing, or somebody else with a status of success: looked up."""
    shown = [(status, body) for status in (200, 201) for body in GARBAGE]
    faults = with_good_ones(
        answered(with_body(*each), done=done)
        for each in sample(shown, 10, turn(crowd, kind) + done)
    )
    numbers = [crowd.bring(kind, f"{place:04d}") for place, _fault in enumerate(faults)]
    crowd.hurt(kind, faults)
    run, result = crowd.synced()
    assert (result.code, crowd.resumed) == (0, 0)
    judge(crowd, run, dict.fromkeys(numbers, OUTCOMES[kind]))
    if not done:
        looked_up(crowd, dict(zip(numbers, faults, strict=True)))


def with_body(status: int, body: bytes) -> bytes:
    """Return an answer that claims JSON."""
    head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.sqlite
@pytest.mark.fault("F21")
@pytest.mark.parametrize("kind", ["create", "update"])
def test_what_somebody_else_has_written_meanwhile_is_left_alone(crowd: Crowd, kind: Kind) -> None:
    """The look-up finds other values: failed with the reason, and theirs stay as they are."""
    target = crowd.office.system(crowd.target)
    numbers = [crowd.bring(kind, f"{place:04d}") for place in range(12)]

    def meddle(nth: int) -> None:
        person = person_of(crowd.target, numbers[nth], f"third.{nth}@example.com")
        for record in target.find(numbers[nth]):
            person[target.id_field] = record[target.id_field]
            target.remove(record[target.id_field])
        target.add(**person)

    crowd.hurt(kind, [Late(GATEWAY[: 7 * nth]) for nth in range(len(numbers))], meddle)
    run, result = crowd.synced()
    reason = "exists_with_other_values" if kind == "create" else "changed_since_fetch"
    assert (result.code, crowd.resumed) == (1, 0)
    assert crowd.office.outcomes(run) == dict.fromkeys(numbers, ("failed", reason))
    judge(crowd, run, dict.fromkeys(numbers, "failed"))
    assert all("third." in str(record) for record in target.people.values())
    assert [each.nth for each in crowd.proxy.requests if each.method != "GET"] == [*range(12)]


@pytest.mark.sqlite
@pytest.mark.fault("F20")
@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_everything_at_once(crowd: Crowd, seed: int) -> None:
    """Any fault to any write, refusals, creates that show late: it ends as if nothing was wrong."""
    chance = random.Random(seed)
    crowd.never_try_again()
    target = crowd.office.system(crowd.target)
    expected = {}
    for number in chance.sample([f"{place:04d}" for place in range(10_000)], 120):
        kind: Kind = chance.choice(["create", "update"])
        refused = chance.random() < 0.2
        crowd.bring(kind, number, refused=refused)
        expected[number] = "failed" if refused else OUTCOMES[kind]
    target.switches.create_delay_s = chance.choice([0, 0.5, SETTLE_S - 0.1])
    in_time = not target.switches.create_delay_s  # late twice is longer than renkei waits
    often = chance.choice([0.2, 0.5, 0.8])

    def script(request: Request) -> Fault | None:
        if request.method == "GET" or request.nth > 600 or chance.random() > often:
            return None
        reset = chance.random() < 0.5
        longest = LENGTH[crowd.target, "create"]
        choices: list[Fault] = [
            Cut(chance.randrange(longest), reset=reset),
            Cut(chance.randrange(longest), reset=reset),
            Drop(chance.choice(WHENS), reset=reset),
            Late(GATEWAY[: chance.randrange(len(GATEWAY))], reset=reset),
            Instead(lambda true: mutated(chance, true)),
        ]
        return chance.choice([each for each in choices if in_time or not isinstance(each, Late)])

    crowd.proxy.script = script
    crowd.passing.append(lambda _seconds: crowd.proxy.deliver())
    run, _result = crowd.synced()
    reasons = {number: why for number, (_outcome, why) in crowd.office.outcomes(run).items()}
    # Three times without an answer, or an answer that names another id: nobody can tell more.
    excused = {number for number, why in reasons.items() if why in {"not_taken", "not_stored"}}
    judge(crowd, run, expected, excused=excused)
    given_up = {number for number in excused if reasons[number] == "not_taken"}
    assert not {number for number in given_up if crowd.is_written(number)}, "told as not taken"


def mutated(chance: random.Random, answer: bytes) -> bytes:
    """Return the answer with bytes of its body changed, or swapped for another body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    changed = bytearray(body)
    for _time in range(chance.randrange(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return head + b"\r\n\r\n" + bytes(changed)
