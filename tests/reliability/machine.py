"""A machine that edits, fetches, chooses, syncs, hurts, waits, kills and goes on, in any order.

After each step it compares what the systems have received, by their own journals, and what the
store says with a plain model: what everybody was at the fetch, who was chosen, and what was
accepted since. renkei runs as it does for people: each command in a process of its own.

What docs/architecture.md does not promise is not asked for: somebody edited in the target while
a process is held between its look and its write may be overwritten.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, closing, suppress
from typing import Any
from unittest import mock

from attrs import define, field
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.pair import DIRECTIONS, NEW
from tests.reliability import plain
from tests.reliability.harness import oracle
from tests.reliability.harness.killer import Child, Zygote
from tests.reliability.harness.points import Armed
from tests.reliability.harness.site import Site, a_site
from tests.reliability.plain import NUMBER, People, Planned

from renkei.config import load_config
from renkei.errors import RenkeiError
from renkei.model import Difference, Item, Outcome, Run, Selection, Status
from renkei.runs import Runs
from renkei.store.store import Store
from renkei_sandbox import faults
from renkei_sandbox.journal import Entry
from renkei_sandbox.system import System

LIMITS = "limits: [{count: 100000, seconds: 1}]"
SAFETY = """
    safety:
      creates: {people: 2, percent: 30}
      updates: {people: 3, percent: 30}
      leaving: {people: 1, percent: 10}
      returning: {people: 1, percent: 10}
      emptied: {people: 1, percent: 10}
      shrink: {people: 100, percent: 100}"""
"""Small enough that a few people are unusual."""

NEW_FIELDS = {
    "touchontime": {"divisionCode", "typeCode"},
    "smarthr": {"biz_establishment_id", "emp_status"},
}
"""What a create holds beside the paired fields."""

CLOSED = ((dt.time(8, 30), dt.time(10)), (dt.time(17, 30), dt.time(18, 30)))
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
PASSING = {"closed", "rate_limit"}
"""What a run may have paused for and last three days all the same."""

SENDINGS = 3
QUIET = 10
"""After so many looks at which nothing has arrived, nothing is on its way any more."""

WRITTEN = {"create": Outcome.CREATED, "update": Outcome.UPDATED}
FINISHED = (Status.DONE, Status.DONE_WITH_ERRORS)
FINAL = (Status.DONE, Status.FAILED, Status.CANCELLED, Status.EXPIRED)
OVER = (*FINAL, Status.DONE_WITH_ERRORS)

NAMES = (
    ("髙﨑", "タカサキ"), ("𠮷野", "ヨシノ"), ("葛\U000e0100城", "カツラギ"), ("神", "カミ"),
    ("か\u3099神", "ガガミ"), ("山田", "ヤマダ"), ("邊見", "ヘンミ"),
)  # fmt: skip
GIVEN = (("﨟子", "ロウコ"), ("渚", "ナギサ"), ("ガク", "ガク"))

FETCHING = st.one_of(
    st.tuples(st.sampled_from(["read.send", "read.answered"]), st.integers(1, 4)),
    st.tuples(
        st.sampled_from(["add_items.committed", "end_fetch.begin", "end_fetch.committed"]),
        st.just(1),
    ),
)
ONCE = ("choose.committed", "begin_sync.committed", "end_sync.begin", "end_sync.committed")
OFTEN = (
    "read.answered", "intend.begin", "intend.committed", "create.send", "create.answered",
    "update.send", "update.answered", "record.begin", "record.committed",
)  # fmt: skip
MOMENTS = st.one_of(
    st.tuples(st.sampled_from(OFTEN), st.integers(1, 3)),
    st.tuples(st.sampled_from(ONCE), st.just(1)),
)
"""Where a sync may be hurt: a fail point, and the how manieth time it is reached."""

Hurt = tuple[str, str]
"""Which side something goes wrong with during a command, and what: one of HURTS."""

Choice = tuple[str, list[int]]
"""How somebody chooses, and whom, by index into the plan's numbers."""


def _list_of(system: System) -> str:
    return f"/{system.collection}$"


def _short(system: System) -> None:
    """Lists end early, and can be seen to."""
    if system.name == "smarthr":
        system.faults.add("truncate", keep=1, kind="read", path=_list_of(system), times=None)
    else:
        system.faults.add("cut", k=300, part="body", kind="read", path=_list_of(system), times=None)


def _on_writes(fault: str, **options: Any) -> Callable[[System], None]:
    def hurt(system: System) -> None:
        for kind in ("create", "update"):
            system.faults.add(fault, **{"kind": kind, **options})

    return hurt


def _revoke_soon(system: System) -> None:
    system.faults.add(faults.hook(lambda _: system.revoke()), kind="read", nth=3)


def _maintenance(system: System) -> None:
    system.faults.add("maintenance", nth=6, times=None)


def _full(system: System) -> None:
    system.faults.add("status", kind="create", nth=2, times=None, status=403, code=7)


def _closed(system: System) -> None:
    system.faults.add("status", kind="update", times=None, status=403, code=104)
    system.faults.add("status", kind="create", nth=2, times=None, status=403, code=104)


def _numberless(system: System) -> None:
    """SmartHR takes new people, and ignores their numbers without a word."""
    if system.name == "smarthr":
        system.switches.readonly = {NUMBER}  # type: ignore[attr-defined]


HURTS: dict[str, Callable[[System], None]] = {
    "lost_before": _on_writes("disconnect"),
    "lost_after": _on_writes("disconnect", when="after"),
    "all_lost_after": _on_writes("reset", when="after", times=None),
    "cut": _on_writes("cut", when="after", k=20),
    "garbage": _on_writes("garbage", when="after"),
    "wrong_person": _on_writes("wrong_person", when="after"),
    "refused": _on_writes("status", status=400),
    "refused_second": _on_writes("status", status=400, nth=2),
    "too_many": _on_writes("status", status=429, nth=2),
    "unavailable": _on_writes("status", status=503, times=None),
    "maintenance": _maintenance,
    "revoked": System.revoke,
    "revoked_soon": _revoke_soon,
    "full": _full,
    "closed": _closed,
    "short": _short,
    "numberless": _numberless,
}


SIDES = st.sampled_from(["smarthr", "touchontime"])
PICK = st.integers(0, 7)
TROUBLE = st.lists(
    st.tuples(st.sampled_from(["target", "target", "source"]), st.sampled_from(sorted(HURTS))),
    max_size=2,
)
CHOICES: st.SearchStrategy[Choice] = st.one_of(
    st.tuples(st.sampled_from(["all", "everybody", "stored"]), st.just([])),
    st.tuples(st.sampled_from(["some", "except"]), st.lists(PICK, min_size=1, max_size=3)),
)


@define(kw_only=True)
class Write:
    """One write that a system has accepted. *disturbed*: somebody else had a hand in it since."""

    run: str
    source_id: str
    system: str
    person: str
    number: str
    kind: str
    day: dt.date
    numberless: bool
    disturbed: bool = False
    touched: bool = False
    """The same, whenever it was; a look that is too old counts too."""
    outcome: Outcome | None = None


@define(kw_only=True)
class Plan:
    """A run whose plan is ready: what the fetch has seen, and what happened to it."""

    run: str
    source: str
    target: str
    at: dt.datetime
    writes: int
    """How many writes had been accepted by the end of the fetch."""
    seen: list[dict[str, People]]
    """How both systems were at the fetch; several if they were edited meanwhile."""
    items: dict[str, Planned]
    asked: list[Selection] = field(factory=list)
    allowed: list[frozenset[str]] = field(factory=list)
    apart: bool = False
    """Whether somebody may have allowed it: its people do not count for the rest of the day."""
    begun: bool = False
    """Whether a request to write has left; an outcome alone is none."""
    over: bool = False
    """Whether nothing may be sent any more."""
    found: set[str] = field(factory=set)
    """Those told as updated who are so, whoever has brought it about; ids of the source."""
    pauses: set[str] = field(factory=set)
    """Why it has paused so far, as the store has said after each command."""
    reopened: bool = False
    """Whether somebody tried those who failed again, or chose anew where nothing was sent."""
    purged: bool = False
    chosen: Selection | None = None
    """What was stored last: a purge takes it away from the store, not from a process at work."""

    def picked(self, selection: Selection) -> frozenset[str]:
        """Return the source's ids of those whom *selection* means."""
        return frozenset(
            identity
            for identity, item in self.items.items()
            if item.difference != "blocked"
            and (item.number in selection.numbers or item.difference in selection.differences)
            and item.number not in selection.excluded
        )

    @property
    def lasts(self) -> dt.timedelta:
        """How old it may be when a sync or resume starts that sends something."""
        return 3 * DAY if self.pauses and self.pauses <= PASSING else DAY

    def kinds(self, people: Iterable[str]) -> set[tuple[str, str]]:
        """Return who of *people* counts for which limit."""
        kinds = set()
        for identity in people:
            item = self.items[identity]
            kinds.add((item.difference, identity))
            if "resigned_at" in item.changes and len(self.seen) == 1:
                kinds.add(("leaving" if self._leaves(identity) else "returning", identity))
        return kinds

    def unusual(self, chosen: frozenset[str], earlier: set[tuple[str, str]]) -> bool:
        """Return whether a limit of SAFETY is passed, with those who were *earlier* in the day."""
        mine = self.kinds(chosen)
        kinds = Counter(kind for kind, _who in mine | earlier)
        listed = len(self.items)
        limits = {
            "new": max(2, listed * 30 // 100),
            "changed": max(3, listed * 30 // 100),
            "leaving": max(1, listed // 10),
            "returning": max(1, listed // 10),
        }
        added = {kind for kind, _who in mine}
        return any(kinds[kind] > limit for kind, limit in limits.items() if kind in added)

    def _leaves(self, identity: str) -> bool:
        return self.seen[0][self.source][identity]["resigned_at"] is not None


@define(kw_only=True)
class Job:
    """One command at work, or held."""

    child: Child
    source: str
    target: str
    plan: Plan | None
    """None: it fetches."""
    selection: Selection | None
    allow: bool
    over: bool
    began: dt.datetime
    lasts: dt.timedelta
    """How old the plan may be, as it was when the command started."""
    late: bool
    """Whether it goes on with a run so long after the fetch that it reads the source again."""
    writes: int
    """How many writes had been accepted when it started."""
    sent: Counter[str] = field(factory=Counter)
    """How often each employee was sent, by the source's id."""
    seen: list[dict[str, People]] = field(factory=list)
    hidden: bool = False
    disturbed: set[tuple[str, str | None]] = field(factory=set)
    """Ids and numbers of those who were edited while it was held, with their system."""
    stopped: bool = False
    """Whether it was told to stop while it was held."""


class Machine(RuleBasedStateMachine):
    """The machine; see the module."""

    def __init__(self, zygote: Zygote, empty_store: bytes) -> None:
        super().__init__()
        self._stack = ExitStack()
        enter = self._stack.enter_context
        self.site: Site = enter(a_site(zygote, *DIRECTIONS[0], empty_store))
        self.box = self.site.box
        self.box.clock.freeze()
        self.box.smarthr.switches.largest_page = 3  # so that few people have pages
        self.site.configure()
        config = self.site.folder / "renkei.yaml"
        text = config.read_text("utf-8")
        config.write_text(text.replace(LIMITS, LIMITS + SAFETY), "utf-8")
        self.store = Store(self.site.at)
        self._stack.callback(self.store.close)
        self.plans: dict[str, Plan] = {}
        self.held: list[Job] = []
        self.writes: list[Write] = []
        self.ended: dict[str, Status] = {}
        self.serial = 20
        self.read = 0

    # --- people -----------------------------------------------------------------------------

    @rule(side=SIDES, both=st.booleans(), name=PICK)
    def hire(self, side: str, both: bool, name: int) -> None:
        """Somebody joins, on one side or on both."""
        self.serial += 1
        family, given = NAMES[name % len(NAMES)], GIVEN[name % len(GIVEN)]
        person = {
            NUMBER: f"{self.serial:04}",
            "last_name": family[0],
            "last_name_yomi": family[1],
            "first_name": given[0],
            "first_name_yomi": given[1],
            "gender": "female",
            "birth_at": f"1990-01-{self.serial % 28 + 1:02}",
            "entered_at": "2020-04-01",
            "email": f"p{self.serial}@example.com",
        }
        for system in self.box.systems if both else [side]:
            self._add(system, person)

    @rule(side=SIDES, who=PICK, name=PICK)
    def marry(self, side: str, who: int, name: int) -> None:
        """Somebody has another name."""
        family, kana = NAMES[name % len(NAMES)]
        self._edit(side, who, last_name=family, last_name_yomi=kana)

    @rule(side=SIDES, who=PICK, mail=PICK)
    def move(self, side: str, who: int, mail: int) -> None:
        """Somebody has another address; with few addresses it may be the old one again."""
        self._edit(side, who, email=f"m{mail % 3}@example.com")

    @rule(side=SIDES, who=PICK, days=st.sampled_from([-2, 0, 5, 300, None]))
    def leave(self, side: str, who: int, days: int | None) -> None:
        """Somebody leaves, or stays after all."""
        left = None if days is None else self._day(days).isoformat()
        self._edit(side, who, resigned_at=left)

    @rule(side=SIDES, who=PICK, how=st.sampled_from(["fresh", "taken", "near", "wide"]), other=PICK)
    def renumber(self, side: str, who: int, how: str, other: int) -> None:
        """Somebody gets another number: a new one, somebody else's, or one that looks alike."""
        person = self._someone(side, who)
        taken = self._someone(side, other)
        if person is None or taken is None:
            return
        people = self._people()[side]
        number = people[person][NUMBER] or "1"
        self.serial += 1
        to = {
            "fresh": f"{self.serial:04}",
            "taken": people[taken][NUMBER],
            "near": number.lstrip("0"),
            "wide": number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"}),
        }[how]
        self._edit(side, who, **{NUMBER: to})

    @rule(side=SIDES, who=PICK)
    def delete(self, side: str, who: int) -> None:
        """Somebody is taken out of a system."""
        person = self._someone(side, who)
        if person is not None:
            self._touch(side, person)
            self.box.systems[side].remove(person)

    def _add(self, side: str, person: Mapping[str, str]) -> None:
        if side == "smarthr":
            identity = self.box.smarthr.add(**person)
        else:
            told = {plain.PAIRS[name]: value for name, value in person.items()}
            identity = self.box.touchontime.add(
                **{**told, "emailAddresses": [person["email"]]}, divisionCode="100", typeCode="1"
            )
        self._touch(side, identity)

    def _edit(self, side: str, who: int, **fields: str | None) -> None:
        person = self._someone(side, who)
        if person is None:
            return
        self._touch(side, person)
        told: dict[str, Any] = dict(fields)
        if side == "touchontime":
            told = {plain.PAIRS[name]: value for name, value in fields.items()}
            if "emailAddresses" in told:
                told["emailAddresses"] = [told["emailAddresses"]]
        self.box.systems[side].edit(person, **told)
        self._touch(side, person)

    def _someone(self, side: str, who: int) -> str | None:
        people = sorted(self.box.systems[side].people)
        return people[who % len(people)] if people else None

    def _touch(self, side: str, person: str, but: str | None = None) -> None:
        """Take note that somebody other than run *but* had a hand in *person*."""
        number = self._people()[side][person][NUMBER]
        for job in self.held:
            job.disturbed |= {(side, person), (side, number)}
        for write in self.writes:
            same = write.person == person or write.number == number
            if write.system == side and same and write.run != but:
                write.touched = True
                write.disturbed |= write.outcome is None

    def _people(self) -> dict[str, People]:
        return {
            name: {key: plain.whole(name, record) for key, record in system.people.items()}
            for name, system in self.box.systems.items()
        }

    # --- what goes wrong, and the clock -----------------------------------------------------

    def _hurt(self, source: str, target: str, hurts: Sequence[Hurt] = ()) -> None:
        """Let both systems work again, but for *hurts*."""
        for system in self.box.systems.values():
            system.faults.clear()
            system.restore()
        self.box.smarthr.switches.readonly = set()
        for where, how in hurts:
            HURTS[how](self.box.systems[target if where == "target" else source])

    @rule(to=st.sampled_from([(0, 17, 45), (0, 19, 0), (1, 12, 0), (1, 12, 0), (3, 7, 0)]))
    def wait(self, to: tuple[int, int, int]) -> None:
        """Time passes: into and out of closed hours, and until plans expire."""
        days, hour, minute = to
        now = self.box.clock.now()
        then = now.replace(hour=hour, minute=minute) + days * DAY
        self.box.clock.freeze(then if then > now else then + DAY)

    def _day(self, days: int) -> dt.date:
        return self.box.clock.today() + days * DAY

    # --- commands ---------------------------------------------------------------------------

    @rule(
        direction=st.sampled_from(DIRECTIONS),
        days=st.sampled_from([None, None, -30, 6, 200]),
        hidden=st.sampled_from([None, None, None, 0, 1]),
        trouble=TROUBLE,
    )
    def fetch(
        self,
        direction: tuple[str, str],
        days: int | None,
        hidden: int | None,
        trouble: list[Hurt],
    ) -> None:
        """Compare; *hidden*: of one side most people are missing, and nothing tells so."""
        side = None if hidden is None else direction[hidden]
        self._fetch(direction, days, hidden=side, trouble=trouble)

    @rule(
        direction=st.sampled_from(DIRECTIONS),
        moment=FETCHING,
        kill=st.booleans(),
    )
    def hurt_fetch(self, direction: tuple[str, str], moment: tuple[str, int], kill: bool) -> None:
        """A fetch is killed or held somewhere."""
        self._fetch(direction, None, armed=_armed(moment, kill=kill))

    @rule(
        direction=st.sampled_from(DIRECTIONS),
        anew=st.booleans(),
        choice=CHOICES,
        how=st.tuples(st.booleans(), st.booleans()),
        trouble=TROUBLE,
    )
    def sync(
        self,
        direction: tuple[str, str],
        anew: bool,
        choice: Choice,
        how: tuple[bool, bool],
        trouble: list[Hurt],
    ) -> None:
        """Choose and write, in a plan that waits or in a new one; then who failed, at once."""
        allow, again = how
        plan = self._waiting(direction, anew=anew)
        if plan is not None:
            self._sync(plan, choice, allow=allow, trouble=trouble)
            if again:
                self._add_up()
                self._go_on(plan, retry=True)

    @rule(
        direction=st.sampled_from(DIRECTIONS),
        choice=CHOICES,
        moment=MOMENTS,
        kill=st.booleans(),
        trouble=TROUBLE,
    )
    def hurt_sync(
        self,
        direction: tuple[str, str],
        choice: Choice,
        moment: tuple[str, int],
        kill: bool,
        trouble: list[Hurt],
    ) -> None:
        """A sync is killed or held somewhere."""
        plan = self._waiting(direction, anew=False)
        if plan is not None:
            armed = _armed(moment, kill=kill)
            self._sync(plan, choice, allow=True, trouble=trouble, armed=armed)

    @precondition(lambda self: self.plans)
    @rule(which=PICK, retry=st.booleans(), trouble=TROUBLE)
    def resume(self, which: int, retry: bool, trouble: list[Hurt]) -> None:
        """Somebody goes on with a run, or tries again those who failed; twice is once."""
        plan = self._which(which)
        self._go_on(plan, retry=retry, trouble=trouble)
        self._add_up()
        self._go_on(plan)

    @precondition(lambda self: self.plans)
    @rule(which=PICK, moment=MOMENTS, kill=st.booleans())
    def hurt_resume(self, which: int, moment: tuple[str, int], kill: bool) -> None:
        """Going on is killed or held somewhere."""
        plan = self._which(which)
        armed = _armed(moment, kill=kill)
        self._go_on(plan, armed=armed)

    @precondition(lambda self: self.held)
    @rule(which=PICK, kill=st.booleans())
    def release(self, which: int, kill: bool) -> None:
        """A held process goes on, or is killed."""
        job = self.held.pop(which % len(self.held))
        before = self._people()
        if kill:
            job.child.kill()
        job.child.go_on()
        self._proceed(job, before)

    @precondition(lambda self: self.plans)
    @rule(which=PICK, choice=CHOICES)
    def choose(self, which: int, choice: Choice) -> None:
        """Another operator chooses, without a sync."""
        self._choose(self._which(which), choice)

    def _choose(self, plan: Plan, choice: Choice) -> None:
        selection = self._selection(plan, choice)
        plan.asked.append(selection)
        if self._ask(lambda runs: runs.choose(plan.run, selection)) is not None:
            plan.reopened |= not plan.begun  # nothing was sent: the report offers to choose anew

    @rule(direction=st.sampled_from(DIRECTIONS), mine=CHOICES, theirs=CHOICES)
    def two_operators(self, direction: tuple[str, str], mine: Choice, theirs: Choice) -> None:
        """Another operator chooses between somebody's choice and their sync."""
        plan = self._waiting(direction, anew=False)
        if plan is None:
            return
        held = list(self.held)
        armed = Armed("choose.committed", "hold")
        self._sync(plan, mine, allow=True, armed=armed)
        self._choose(plan, theirs)
        if self.held != held:
            self.release(len(self.held) - 1, kill=False)

    @rule(
        direction=st.sampled_from(DIRECTIONS),
        point=st.sampled_from(
            ["intend.begin", "create.send", "update.answered", "record.committed"]
        ),
    )
    def stopped(self, direction: tuple[str, str], point: str) -> None:
        """Somebody tells a sync to stop while it writes."""
        plan = self._waiting(direction, anew=True)
        if plan is None:
            return
        held = list(self.held)
        self._sync(plan, ("all", []), allow=True, armed=Armed(point, "hold"))
        self._cancel(plan)
        if self.held != held:
            self.release(len(self.held) - 1, kill=False)

    @rule(first=st.sampled_from(DIRECTIONS), trouble=TROUBLE)
    def both_ways(self, first: tuple[str, str], trouble: list[Hurt]) -> None:
        """Two plans are made, one for each direction, and both are carried out."""
        second = (first[1], first[0])
        plans = [self._waiting(each, anew=True) for each in (first, second)]
        for plan in plans:
            if plan is not None:
                self._sync(plan, ("all", []), allow=True, trouble=trouble)
                self._add_up()

    @precondition(lambda self: self.plans)
    @rule(which=PICK)
    def cancel(self, which: int) -> None:
        """Somebody gives a run up, or tells a sync to stop."""
        self._cancel(self._which(which))

    def _cancel(self, plan: Plan) -> None:
        if self._ask(lambda runs: runs.cancel(plan.run)) is not None:
            for job in self.held:
                job.stopped |= job.plan is plan

    @precondition(lambda self: self.plans)
    @rule(hours=st.sampled_from([0, 20, 48]))
    def purge(self, hours: int) -> None:
        """The values of older runs are removed."""
        self._ask(lambda runs: runs.purge(dt.timedelta(hours=hours, seconds=-1)))

    def _ask(self, do: Callable[[Runs], object]) -> object:
        """Do something in this process as the command line would; None if it is refused."""
        with mock.patch.dict(os.environ, self.site._environment()):
            config = load_config(self.site.folder / "renkei.yaml")
            with suppress(RenkeiError), Runs(config, who="another@example") as runs:
                return do(runs)
        return None

    def _waiting(self, direction: tuple[str, str], *, anew: bool) -> Plan | None:
        """Return the newest plan of a direction that nobody has begun; fetch one if need be."""
        if not anew:
            for plan in reversed(self.plans.values()):
                fresh = self.box.clock.now() - plan.at < DAY and not (plan.begun or plan.over)
                if (plan.source, plan.target) == direction and fresh:
                    return plan
        before = set(self.plans)
        self.hire(direction[0], both=False, name=self.serial)
        self.move(direction[0], who=self.serial, mail=self.serial)
        self._fetch(direction, None)
        return next((self.plans[run] for run in self.plans.keys() - before), None)

    def _which(self, which: int) -> Plan:
        plans = list(reversed(self.plans.values()))
        return plans[which // 2 % len(plans)]

    def _selection(self, plan: Plan, choice: Choice) -> Selection:
        how, who = choice
        numbers = sorted({item.number for item in plan.items.values() if item.number})
        picked = tuple(dict.fromkeys(numbers[each % len(numbers)] for each in who if numbers))
        words = dict(word.split("=") for word in NEW[plan.target][1::2])
        pair = frozenset({Difference.NEW, Difference.CHANGED})
        match how:
            case "some":
                return Selection(numbers=picked, new=words)
            case "except":
                return Selection(differences=pair, excluded=picked, new=words, look_first=True)
            case "everybody":
                return Selection(differences=pair | {Difference.SAME}, new=words, look_first=True)
        return Selection(differences=pair, new=words, look_first=True)

    def _fetch(
        self,
        direction: tuple[str, str],
        days: int | None,
        *,
        armed: Armed | None = None,
        hidden: str | None = None,
        trouble: Sequence[Hurt] = (),
    ) -> None:
        words = ["fetch", *direction]
        if days is not None:
            words += ["--date", self._day(days).isoformat()]
        source, target = direction
        self._start(
            words, armed=armed, source=source, target=target, hidden=hidden, trouble=trouble
        )

    def _sync(
        self,
        plan: Plan,
        choice: Choice,
        *,
        allow: bool,
        trouble: Sequence[Hurt] = (),
        armed: Armed | None = None,
    ) -> None:
        selection, words = None, ["sync", plan.run]
        if choice[0] != "stored" or self.store.selection(plan.run) is None:
            selection = self._selection(plan, choice)
            plan.asked.append(selection)
            plan.reopened |= not plan.begun  # nothing was sent: the command may choose anew, too
            if selection.differences:
                words += ["--difference", ",".join(sorted(selection.differences))]
            if selection.look_first:
                words.append("--look-first")
            for option, numbers in (("number", selection.numbers), ("except", selection.excluded)):
                words += [word for number in numbers for word in (f"--{option}", number)]
            words += NEW[plan.target]
        words += ["--allow-unusual"] * allow
        self._start(
            words, plan=plan, selection=selection, allow=allow, trouble=trouble, armed=armed
        )

    def _go_on(
        self,
        plan: Plan,
        *,
        retry: bool = False,
        trouble: Sequence[Hurt] = (),
        armed: Armed | None = None,
    ) -> None:
        words = ("sync", plan.run, "--retry-failed") if retry else ("resume", plan.run)
        again = retry and self.ended[plan.run] is Status.DONE_WITH_ERRORS
        plan.reopened |= again
        over = plan.over and not again
        self._start(words, plan=plan, over=over, trouble=trouble, armed=armed)

    # --- a command at work ------------------------------------------------------------------

    def _start(
        self,
        words: Sequence[str],
        *,
        plan: Plan | None = None,
        source: str = "",
        target: str = "",
        selection: Selection | None = None,
        allow: bool = False,
        over: bool = False,
        hidden: str | None = None,
        trouble: Sequence[Hurt] = (),
        armed: Armed | None = None,
    ) -> None:
        if plan is not None:
            source, target = plan.source, plan.target
        self._hurt(source, target, trouble)
        if hidden is not None:
            system = self.box.systems[hidden]
            fault = faults.truncate(1, "matching")
            system.faults.add(fault, kind="read", path=_list_of(system), times=None)
        note(f"renkei {' '.join(words)}  {armed or ''} {trouble or ''}")
        before = self._people()
        job = Job(
            child=self.site.start(words, armed=[armed] if armed else ()),
            source=source,
            target=target,
            plan=plan,
            selection=selection,
            allow=allow,
            over=over or (plan is not None and plan.purged),
            began=self.box.clock.now(),
            lasts=plan.lasts if plan else DAY,
            late=plan is not None and plan.begun and self.box.clock.now() - plan.at > HOUR,
            writes=len(self.writes),
            seen=[before],
            hidden=hidden is not None,
        )
        self._proceed(job, before)

    def _proceed(self, job: Job, before: dict[str, People]) -> None:
        """Wait until a command ends or is held; look at what it has sent."""
        where = job.child.until_held()
        while where == "end":
            job.child.go_on()
            where = job.child.until_held()
        if where is not None or any(result.code < 0 for result in job.child.results):
            self._let_arrive()
        entries = self.box.journal[self.read :]
        self.read += len(entries)
        if where is not None:
            self.held.append(job)
        self._judge(job, before, [entry for entry in entries if entry.kind != "read"])
        note(f"  -> {where or [(r.code, r.out[-300:], r.err) for r in job.child.results]}")
        now = self._people()
        for each in (job, *self.held):
            if now != each.seen[-1]:
                each.seen.append(now)
        self._discover(job)
        for result in job.child.results:
            oracle.tidy(result)
            # 130 is told of a run that somebody else went on with and was killed, meanwhile.
            assert result.code in (0, 1, 2, 4, 5, 6, 130), str(result)

    def _discover(self, job: Job) -> None:
        """Take note of the plan that a fetch has made, and compare it with ours."""
        for run in self.store.latest(3):
            if run.id in self.plans or run.status is not Status.READY:
                continue
            assert job.plan is None, "a plan that nobody has fetched"
            items = list(self.store.items(run.id))
            made = {item.source_id: _planned(item) for item in items}
            self.plans[run.id] = Plan(
                run=run.id,
                source=run.source,
                target=run.target,
                at=job.began,
                writes=len(self.writes),
                seen=list(job.seen),
                items=made,
            )
            assert (run.source, run.target) == (job.source, job.target)
            assert len(made) == len(items) == sum(run.counts.values())
            judged = {i.source_id for i in items if WHO_IS_WHO & {r.code for r in i.reasons}}
            self._complete(job, run, made, judged)

    def _complete(
        self, job: Job, run: Run, made: Mapping[str, Planned], judged: AbstractSet[str]
    ) -> None:
        """
        Whatever the lists looked like: everybody is in the plan, as they are.

        Of those who are *judged* by who they are only that they are there: the tables have tests
        of their own, and a second copy of them here would prove nothing.
        """
        if job.hidden:
            return
        clears = run.target == "touchontime"
        nameless = {
            write.number
            for write in self.writes
            if write.numberless and write.system == run.target and self._is_told(write)
        }
        plans = [
            plain.plan(
                seen[run.source], seen[run.target], run.base_date, clears=clears, nameless=nameless
            )
            for seen in job.seen
        ]
        if len(plans) == 1:
            assert made.keys() == plans[0].keys()
            odd = {who for who in made if who not in judged and made[who] != plans[0][who]}
            assert not odd, f"planned {made}\nexpected {plans[0]}"
        elif len(plans) == 2:  # edited once while it was read
            steady = {who for who in plans[0] if all(each.get(who) for each in plans)}
            assert steady <= made.keys(), f"not in the plan: {steady - made.keys()}"

    def _is_told(self, write: Write) -> bool:
        """Return whether the store says of *write* that it left out the number; a held one may."""
        told = {item.source_id: item.outcome for item in self.store.items(write.run)}
        return Outcome.FAILED in (write.outcome, told[write.source_id])

    def _let_arrive(self) -> None:
        """
        Wait for what is on its way beside the request at which a process is held or killed.

        Nobody can tell whether the last one has left yet: the machine may be busy.
        """
        quiet, arrived = 0, -1
        while quiet < (QUIET if self._may_be_on_their_way() else 1):
            threading.Event().wait(0.05)
            quiet = quiet + 1 if arrived == len(self.box.journal) else 0
            arrived = len(self.box.journal)

    def _may_be_on_their_way(self) -> bool:
        """Tell whether a write has an intent and no answer; a read has left already."""
        return any(self.store.open_writes(int(run.id)) for run in self.store.latest(100))

    # --- what it has sent -------------------------------------------------------------------

    def _judge(self, job: Job, before: dict[str, People], sent: Sequence[Entry]) -> None:
        people = {name: dict(each) for name, each in before.items()}
        for entry in sent:
            assert entry.kind in WRITTEN, entry
            assert job.plan is not None, f"a fetch has written: {entry}"
            assert entry.system == job.plan.target, entry
            self._may_send(job, job.plan)
            if entry.kind == "create":
                self._judge_create(job, job.plan, people[entry.system], entry)
            else:
                self._judge_update(job, job.plan, people[entry.system], entry)
        if job.stopped:
            assert len({entry.person for entry in sent}) <= 1, "it was told to stop"
        assert people == self._people(), "the journal does not tell all"
        selection = job.selection or (job.plan and self.store.selection(job.plan.run))
        # However it ends: it may have lost its lease since, as it was held for long.
        if job.plan and job.allow and selection and "begin_sync.committed" in job.child.trace:
            job.plan.allowed.append(job.plan.picked(selection))

    def _may_send(self, job: Job, plan: Plan) -> None:
        assert not job.over, f"run {plan.run} was over"
        assert job.began - plan.at <= job.lasts, "the plan was too old"
        closed = any(start <= job.began.time() < end for start, end in CLOSED)
        assert not (closed and plan.target == "touchontime"), "it was closed"
        chosen = self._chosen(job, plan)
        allowed = job.allow or plan.begun or chosen in plan.allowed
        assert allowed or not plan.unusual(chosen, self._earlier(job, plan)), (
            "nobody has allowed it"
        )
        plan.begun = True
        plan.apart |= job.allow or bool(plan.allowed)

    def _earlier(self, job: Job, plan: Plan) -> set[tuple[str, str]]:
        """Return who was certainly written in this pair earlier in the day, and counts for what."""
        kinds: set[tuple[str, str]] = set()
        for write in self.writes[: job.writes]:
            other = self.plans[write.run]
            same = (other.source, other.target) == (plan.source, plan.target)
            apart = other is plan or other.apart or other.purged or write.disturbed or write.touched
            if same and not apart and write.day == job.began.date():
                kinds |= other.kinds([write.source_id])
        return kinds

    def _chosen(self, job: Job, plan: Plan) -> frozenset[str]:
        stored = plan.chosen if plan.purged else self.store.selection(plan.run)
        assert stored is not None, "nobody was chosen"
        if job.selection is not None:
            assert _same(stored, job.selection), "another choice than it was started with"
        return plan.picked(stored)

    def _judge_create(
        self, job: Job, plan: Plan, people: dict[str, plain.Person], entry: Entry
    ) -> None:
        told = plain.heard(entry.system, entry.body)
        number = told[NUMBER]
        found = [key for key, item in plan.items.items() if item.number == number]
        assert len(found) == 1, f"created {number}, of whom the plan knows {len(found)}"
        item = plan.items[found[0]]
        assert item.difference == "new", f"created {number}, who is {item}"
        assert found[0] in self._chosen(job, plan), f"created {number}, whom nobody has chosen"
        self._current(job, plan, found[0])
        self._sent(job, plan, found[0])
        told = {name: value for name, value in told.items() if value is not None}
        values = [seen[plan.source].get(found[0], {}) for seen in plan.seen]
        assert told in [{n: v for n, v in each.items() if v is not None} for each in values], told
        rest = {key for key in entry.body if key not in {*plain.PAIRS, *plain.PAIRS.values()}}
        assert rest == NEW_FIELDS[plan.target], rest
        if (entry.system, number) not in job.disturbed:
            there = [who for who in people.values() if who[NUMBER] == number]
            assert not there, f"sent a create of {number}, who is there"
        before = [w for w in self.writes if (w.run, w.source_id) == (plan.run, found[0])]
        found_out = [w for w in before if not (w.numberless and w.outcome is None)]
        assert all(w.touched for w in found_out), f"created {number}, and sent again"
        if entry.accepted:
            numberless = NUMBER in self._readonly(entry.system)
            people[str(entry.person)] = {
                **dict.fromkeys(plain.PAIRS),
                **told,
                **({NUMBER: None} if numberless else {}),
            }
            self._accepted(job, plan, found[0], entry, str(number), numberless=numberless)

    def _judge_update(
        self, job: Job, plan: Plan, people: dict[str, plain.Person], entry: Entry
    ) -> None:
        told = plain.heard(entry.system, entry.body)
        person = entry.person or entry.path.rpartition("/")[2]
        found = [key for key, item in plan.items.items() if item.target_id == person]
        found = [key for key in found if plan.items[key].difference != "blocked"]
        assert len(found) == 1, f"updated {person}, of whom the plan knows {len(found)}"
        item = plan.items[found[0]]
        assert item.difference == "changed", f"updated {item.number}, who is {item.difference}"
        assert found[0] in self._chosen(job, plan), f"updated {item.number}, whom nobody has chosen"
        if entry.system == "touchontime" and person in people:
            # Where it wants the base values as well, it gets them as they are.
            told = {n: v for n, v in told.items() if n in item.changes or v != people[person][n]}
        assert told.keys() == item.changes, f"wrote {told.keys()} instead of {item.changes}"
        self._current(job, plan, found[0])
        self._sent(job, plan, found[0])
        values = [seen[plan.source].get(found[0], {}) for seen in plan.seen]
        assert any(told.items() <= each.items() for each in values), told
        if person in people and (entry.system, person) not in job.disturbed:
            for name, value in people[person].items():
                fine = {seen[plan.target].get(person, {}).get(name) for seen in plan.seen}
                fine |= {told[name]} if name in told else set()
                assert value in fine, f"{name} of {item.number} has changed since the fetch"
        if entry.accepted:
            number = people[person][NUMBER]
            people[person] = {**people[person], **told}
            self._accepted(job, plan, found[0], entry, str(number))

    def _current(self, job: Job, plan: Plan, source_id: str) -> None:
        """What the plan says of somebody holds as long as no other run has updated them."""
        for write in self.writes[plan.writes : job.writes]:
            theirs = (write.system, write.person) == (plan.source, source_id)
            updated = theirs and write.kind == "update" and not write.disturbed
            assert not updated, f"{source_id} has been updated by run {write.run}"

    @staticmethod
    def _sent(job: Job, plan: Plan, source_id: str) -> None:
        """Nobody is sent too often; long after the fetch they still are in the source as then."""
        job.sent[source_id] += 1
        assert job.sent[source_id] <= SENDINGS, f"{source_id} was sent {job.sent[source_id]} times"
        if job.late:
            now = [seen[plan.source].get(source_id) for seen in job.seen]
            then = [seen[plan.source].get(source_id) for seen in plan.seen]
            assert any(each in then for each in now), f"{source_id} has changed in the source"

    def _accepted(
        self,
        job: Job,
        plan: Plan,
        source_id: str,
        entry: Entry,
        number: str,
        *,
        numberless: bool = False,
    ) -> None:
        person = str(entry.person)
        self._touch(entry.system, person, but=plan.run)
        self.writes.append(
            Write(
                run=plan.run,
                source_id=source_id,
                system=entry.system,
                person=person,
                number=number,
                kind=entry.kind,
                day=job.began.date(),
                numberless=numberless,
                disturbed=(entry.system, person) in job.disturbed,
                touched=(entry.system, person) in job.disturbed,
            )
        )

    def _readonly(self, system: str) -> set[str]:
        return self.box.smarthr.switches.readonly if system == "smarthr" else set()

    # --- what the store says ----------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """The store is whole and says what the systems say."""
        self._sound()
        self._add_up()

    def _sound(self) -> None:
        with closing(sqlite3.connect(self.site.store)) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert connection.execute("pragma foreign_key_check").fetchall() == []

    def _add_up(self) -> None:
        for run in self.store.latest(100):
            self._status(run)
            if run.id in self.plans:
                self._told(run, self.plans[run.id])

    def _status(self, run: Run) -> None:
        at_work = any(job.plan is None or job.plan.run == run.id for job in self.held)
        if run.status.is_at_work:
            assert at_work, f"run {run.id} is {run.status}, and nobody is at work"
        if self._looks_dead(run):
            return
        before = self.ended.get(run.id, run.status)
        told = f"run {run.id} was {before} and is {run.status}"
        plan = self.plans.get(run.id)
        anew = before is Status.DONE and plan is not None and plan.reopened
        assert run.status is before or before not in FINAL or anew, told
        if plan is not None:
            assert run.status in FINISHED or before not in FINISHED or plan.reopened, told
            if run.status is Status.PAUSED:
                plan.pauses.add(run.reason.code if run.reason else "")
        self.ended[run.id] = run.status

    def _looks_dead(self, run: Run) -> bool:
        """Tell whether its process may only have been held for long: it ends when it goes on."""
        if run.status is Status.FAILED:
            return any(job.plan is None for job in self.held)
        held = any(job.plan is not None and job.plan.run == run.id for job in self.held)
        interrupted = run.reason is not None and run.reason.code == "interrupted"
        return held and run.status is Status.PAUSED and interrupted

    def _told(self, run: Run, plan: Plan) -> None:
        items = list(self.store.items(run.id))
        doubts = {write.item.position for write in self.store.open_writes(int(run.id))}
        busy = any(job.plan is plan for job in self.held)
        plan.purged |= run.purged
        answered = {write.item.position for write in self.store.before_sync(run.id).answered}
        settled = not doubts and not busy
        plan.over = plan.purged or (settled and run.status in OVER)
        chosen = [item for item in items if item.selected]
        if not run.purged:
            assert {item.source_id: _planned(item) for item in items} == plan.items
            selection = plan.chosen = self.store.selection(run.id)
            assert selection is None or any(_same(selection, each) for each in plan.asked)
            expected = plan.picked(selection) if selection else frozenset()
            mine = {item.source_id for item in chosen}
            assert mine == expected, (mine ^ expected, selection)
        self._counted(run, plan, chosen, doubts)
        for item in chosen:
            done = item.outcome in WRITTEN.values()
            assert (
                not done
                or any(
                    (w.run, w.source_id, WRITTEN[w.kind]) == (run.id, item.source_id, item.outcome)
                    or (item.outcome is Outcome.CREATED and _is_theirs(w, run, item))
                    for w in self.writes
                )
                or self._is_so(plan, item)
            ), f"{item.number} is told as {item.outcome}, and nothing was accepted"
        outcomes = {item.source_id: item.outcome for item in chosen}
        for write in self.writes:
            if write.run == run.id and not busy:
                position = next(i.position for i in chosen if i.source_id == write.source_id)
                if position not in doubts | answered:
                    self._final(write, outcomes[write.source_id])

    def _is_so(self, plan: Plan, item: Item) -> bool:
        """
        Tell whether the target has what an update was to bring, whoever has brought it.

        A look cannot tell whose it is: an update in doubt that never left is told as updated then.
        """
        there = self._people()[plan.target].get(item.target_id or "")
        names = plan.items[item.source_id].changes
        wanted = [seen[plan.source].get(item.source_id) for seen in plan.seen]
        if (
            there
            and names
            and any(each and _part(each, names) == _part(there, names) for each in wanted)
        ):
            plan.found.add(item.source_id)
        return item.outcome is Outcome.UPDATED and item.source_id in plan.found

    @staticmethod
    def _counted(run: Run, plan: Plan, chosen: Sequence[Item], doubts: set[int]) -> None:
        if run.outcomes is None:
            assert not any(item.outcome for item in chosen)
            return
        counts = Counter(
            item.outcome or (Outcome.UNKNOWN if item.position in doubts else Outcome.DEFERRED)
            for item in chosen
        )
        counts[Outcome.NOT_SELECTED] = len(plan.items) - len(chosen)
        assert run.outcomes == {outcome: counts[outcome] for outcome in Outcome}, run.outcomes
        bad = counts[Outcome.FAILED] + counts[Outcome.UNKNOWN] + counts[Outcome.DEFERRED]
        assert run.status is not Status.DONE or not bad, f"done, with {counts}"

    @staticmethod
    def _final(write: Write, outcome: Outcome | None) -> None:
        """Once a write is not in doubt it has its outcome, and keeps it."""
        expected = Outcome.FAILED if write.numberless else WRITTEN[write.kind]
        if write.outcome is None and not write.disturbed:
            assert outcome is expected, f"{write} is told as {outcome}"
        elif write.outcome is expected:
            assert outcome is expected, f"{write} was {expected} and is told as {outcome}"
        write.outcome = outcome or Outcome.DEFERRED

    # --- the end ----------------------------------------------------------------------------

    def teardown(self) -> None:
        """All works again, everybody goes on: nothing is in doubt, and what was written is same."""
        try:
            self._end()
        finally:
            for job in self.held:
                job.child.kill()
                job.child.end()
            self._stack.close()

    def _end(self) -> None:
        self._hurt(*DIRECTIONS[0])
        while self.held:
            self.release(0, kill=False)
            self.all_is_well()
        self.wait((1, 12, 0))
        for plan in list(self.plans.values()):
            if not plan.purged and (plan.begun or self.store.selection(plan.run)):
                self._go_on(plan)
                self.all_is_well()
            assert plan.purged or not self.store.is_unsettled(plan.run), "still in doubt"
        self._same_by_now()

    def _same_by_now(self) -> None:
        """Somebody written last, and not touched since, is the same on both sides."""
        now = self._people()
        for direction in DIRECTIONS:
            self._fetch(direction, None)
            plan = next(reversed(self.plans.values()))
            assert (plan.source, plan.target) == direction, "the last fetch failed"
            for write in self.writes:
                made = self.plans[write.run]
                person = now[made.source].get(write.source_id)
                steady = all(person == seen[made.source].get(write.source_id) for seen in made.seen)
                apart = write.touched or write.numberless or not steady
                item = plan.items.get(write.source_id)
                if (made.source, made.target) == direction and item and not apart:
                    assert item.difference in ("same", "blocked"), f"{write} is {item}"


def _armed(moment: tuple[str, int], *, kill: bool) -> Armed:
    point, nth = moment
    return Armed(point, "kill" if kill else "hold", nth)


WHO_IS_WHO = frozenset({"other_person", "same_person", "rehire_incomplete"})
"""Reasons to block that tell who somebody is."""


def _planned(item: Item) -> Planned:
    changed = item.changes if item.difference is Difference.CHANGED else ()
    names = {theirs: ours for ours, theirs in plain.PAIRS.items()}
    return Planned(
        item.number,
        item.difference.value,
        item.target_id,
        frozenset(names.get(change.field, change.field) for change in changed),
    )


def _is_theirs(write: Write, run: Run, item: Item) -> bool:
    """
    Tell whether another run has created this employee.

    A look cannot tell whose it is: a create in doubt that another run has made good is told as
    created by both.
    """
    return (write.system, write.kind, write.number) == (run.target, "create", item.number)


def _part(person: plain.Person, names: frozenset[str]) -> dict[str, str | None]:
    return {name: person[name] for name in names}


def _same(one: Selection, other: Selection) -> bool:
    return (one.differences, set(one.numbers), set(one.excluded), one.new) == (
        other.differences,
        set(other.numbers),
        set(other.excluded),
        other.new,
    )
