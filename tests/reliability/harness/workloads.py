"""What is going on when a process is hurt, and how it ends when none is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from attrs import define, field, frozen
from tests.pair import DIRECTIONS
from tests.reliability.harness import oracle
from tests.reliability.harness.killer import KILLED, Child
from tests.reliability.harness.points import BY_THE_CLOCK, Armed, kind
from tests.reliability.harness.site import CHANGED, NEW_PEOPLE, SAME, Site, State

from renkei.model import Outcome, Status
from renkei.store.store import Store
from renkei_sandbox import faults

DONE: Mapping[str, Outcome] = {
    **dict.fromkeys(NEW_PEOPLE, Outcome.CREATED),
    SAME: Outcome.UNCHANGED,
    **dict.fromkeys(CHANGED, Outcome.UPDATED),
}
ONE_FAILED = {**DONE, CHANGED[1]: Outcome.FAILED}

RENEWALS = ("renew.", "stamp.")
"""Points that are passed where something has taken long, or has to be taken for that."""

ABOUT_SOMEBODY = ("intend.", "record.", "confirm.", "create.", "update.", "stamp.")
"""Points whose moments are told apart by whom they are about."""


def _nothing(_site: Site) -> None:
    pass


def _fetch(site: Site) -> str:
    return site.fetched()


def _sync(site: Site, run: str) -> tuple[str, ...]:
    return ("sync", run, *site.everybody)


def _resume(_site: Site, run: str) -> tuple[str, ...]:
    return ("resume", run)


@frozen(kw_only=True)
class Workload:
    """
    A command about a run that *prepare* has made, under faults that *hurt* brings about.

    Going on with the run uses the words of *again*.
    The faults are gone then, but for those of *stay*. Unless *whole*,
    what comes before the first fault is left to the workload that has none.
    """

    name: str
    prepare: Callable[[Site], str] = _fetch
    words: Callable[[Site, str], tuple[str, ...]] = _sync
    again: Callable[[Site, str], tuple[str, ...]] = _resume
    hurt: Callable[[Site], None] = _nothing
    stay: Callable[[Site], None] = _nothing
    how: Mapping[str, Any] = field(factory=dict)
    expected: Mapping[str, Outcome] = field(default=DONE)
    status: Status = Status.DONE
    whole: bool = True
    only: tuple[str, ...] = ("",)
    """How the points begin at which something is new."""

    @property
    def by_the_clock(self) -> tuple[str, ...]:
        """How the points begin that nobody can count on."""
        always_renews = "renkei.store.hold.LATE_S" in self.how.get("settings", {})
        return BY_THE_CLOCK if always_renews else (*BY_THE_CLOCK, *RENEWALS)


@define
class Stage:
    """One workload at one site, prepared once and played as often as there are cases."""

    site: Site
    workload: Workload
    run: str = field(init=False)
    trace: list[str] = field(init=False)
    """The points that the command passes when it is not hurt."""
    _passed: list[list[str]] = field(init=False)
    """What each of them is called."""
    _prepared: State = field(init=False)
    _people: list[dict[str, object]] = field(init=False)
    _calm: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.site.timeless = True
        self.run = self.workload.prepare(self.site)
        self._prepared = self.site.keep()
        child = self.begin().end()
        oracle.tidy(*child.results)
        self.trace, self._passed = child.trace, child.steady
        self._calm = 0 if self.workload.whole else self._until_the_first_fault()
        self.go_on()
        oracle.nothing_left(self.site, self.workload.expected)
        self._people = oracle.people(self.site)

    @property
    def words(self) -> tuple[str, ...]:
        """The command that is hurt."""
        return self.workload.words(self.site, self.run)

    @property
    def again(self) -> tuple[str, ...]:
        """The command with which somebody goes on."""
        return self.workload.again(self.site, self.run)

    def begin(self, *armed: Armed, **settings: object) -> Child:
        """Start the command from the beginning; *settings* are added to the workload's own."""
        self._put_back()
        how = self.workload.how
        how = {**how, "settings": {**how.get("settings", {}), **settings}}
        return self.site.start(self.words, armed=armed, **how)

    def _put_back(self) -> None:
        self.site.back_to(self._prepared)
        self.workload.stay(self.site)
        self.workload.hurt(self.site)

    def passes_no_other_way(self) -> None:
        """As many requests arrive, and as many changes are in the file, as points are passed."""
        self._put_back()
        before = self.site.keep()
        child = self.begin().end()
        after = self.site.keep()
        told = [name for names in child.steady for name in names if name.startswith(ABOUT_SOMEBODY)]
        assert all(" " in name for name in told), f"it is not known of whom: {told}"
        sent = sum(point.endswith(".send") for point in child.trace)
        assert len(after.journal) - len(before.journal) == sent
        committed = sum(point.endswith(".committed") for point in child.trace)
        assert after.serial - before.serial == committed

    def kill(self, moment: str) -> None:
        """Kill the command at one moment."""
        child = self.begin(Armed(moment)).end()
        assert child.code == KILLED, f"it did not get there: {child.trace}"
        oracle.adds_up(self.site, self.run)

    def heal(self) -> None:
        """Let the systems work again."""
        self.site.system.faults.clear()
        self.site.system.restore()
        self.workload.stay(self.site)

    def go_on(self) -> None:
        """Heal the systems, go on with the run, and compare the store with the systems."""
        self.heal()
        oracle.recovered(self.site, self.again, self.words)
        oracle.sound(self.site)
        with closing(Store(self.site.at)) as store:
            oracle.agrees(self.site, store, self.run)
            oracle.ended(store, self.run, self.workload.expected, self.workload.status)

    def judge(self) -> None:
        """Go on, and find everybody as if nothing had happened."""
        self.go_on()
        self.everybody_is_there()

    def status(self) -> Status:
        """Return the status of the run."""
        with closing(Store(self.site.at)) as store:
            return store.run(self.run).status

    def everybody_is_there(self) -> None:
        """The target has everybody as if nothing had happened."""
        people = oracle.people(self.site)
        assert people == self._people, f"{people} instead of {self._people}"

    def moments(self) -> list[str]:
        """
        Return every moment that the command passes, on a machine of any speed.

        Of idle points that follow each other only the first of its kind.
        """
        new = [
            name
            for names in self._passed[self._calm :]
            for name in names
            if name.startswith(self.workload.only)
            and not name.startswith(self.workload.by_the_clock)
        ]
        return list(dict.fromkeys(new))

    def once_each(self) -> list[str]:
        """Return a moment of every point, late in the command but with something left to do."""
        found: dict[str, list[str]] = {}
        for moment in self.moments():
            found.setdefault(kind(moment), []).append(moment)
        return [moments[-2:][0] for moments in found.values()]

    def _until_the_first_fault(self) -> int:
        requests = self.site.box.journal[len(self._prepared.journal) :]
        first = next(index for index, entry in enumerate(requests) if entry.fault)
        return [i for i, point in enumerate(self.trace) if point.endswith(".send")][first]


# --- workloads ------------------------------------------------------------------------------


def _refused(site: Site) -> None:
    site.refuse(CHANGED[1])


def _lost(site: Site) -> None:
    """
    Lose answers: of a create that was accepted and of one that was not, of both updates.

    The update that never arrives is lost twice: somebody who is lost three times is given up.
    """
    site.system.faults.add("disconnect", kind="create", when="after")
    site.system.faults.add("disconnect", kind="create", nth=2)
    site.refuse(CHANGED[0], "disconnect", when="after")
    site.lose_twice(CHANGED[1])


def _not_taken(site: Site) -> None:
    """Refuse one employee, always, in words that sound as if it were about the whole system."""
    status, code = {"smarthr": (403, 3), "touchontime": (401, 401)}[site.target]
    site.refuse(CHANGED[0], status=status, code=code)


def _first_lost(site: Site) -> None:
    site.system.faults.add("disconnect", kind="create", when="after")


def _slow(site: Site) -> None:
    """Lose the first answer of an update of one employee, which is sent again."""
    whose = site.id_of(CHANGED[0])
    site.system.faults.add("disconnect", kind="update", path=whose, when="after")


def _from_the_second_write(status: int, code: int) -> Callable[[Site], None]:
    def hurt(site: Site) -> None:
        add = site.system.faults.add
        add("status", kind="create", nth=2, times=None, status=status, code=code)
        add("status", kind="update", times=None, status=status, code=code)

    return hurt


def _full(site: Site) -> None:
    site.system.faults.add("status", kind="create", nth=2, times=None, status=403, code=7)


def _in_doubt(site: Site) -> str:
    """Leave a run paused: one create accepted, one not, neither answered, the token refused."""
    run = site.fetched()
    system = site.system
    system.faults.add("disconnect", kind="create", when="after")
    system.faults.add("disconnect", kind="create", nth=2)
    system.faults.add(faults.hook(lambda _: system.revoke()), kind="create", nth=2)
    assert site.renkei(*_sync(site, run)).code == 4
    system.faults.clear()
    system.restore()
    return run


def _with_failures(site: Site) -> str:
    """Leave a run done, with one employee refused."""
    run = site.fetched()
    site.refuse(CHANGED[1])
    assert site.renkei(*_sync(site, run)).code == 1
    site.system.faults.clear()
    return run


def _retry(_site: Site, run: str) -> tuple[str, ...]:
    return ("sync", run, "--retry-failed")


def _paused(name: str, status: int, code: int) -> Workload:
    return Workload(name=name, hurt=_from_the_second_write(status, code), whole=False)


SYNC = Workload(name="sync", stay=_refused, expected=ONE_FAILED, status=Status.DONE_WITH_ERRORS)
LOST = Workload(name="lost_answers", hurt=_lost, how={"retry_s": 0.0}, whole=False)
SLOW = Workload(
    name="slow",
    hurt=_slow,
    how={
        "retry_s": 5.0,
        "settings": {"renkei.store.hold.LATE_S": 0.0, "renkei.store.hold.SENT_S": 0.0},
    },
    only=("renew.", "stamp.", "update."),
)
"""The lease is renewed before every request, and each write gets a new stamp."""

CHAIN = Workload(name="chain", hurt=_first_lost, how=SLOW.how)
"""All that can be met on the way, once: the first create is in doubt, and the lease is renewed."""

NOT_TAKEN = Workload(
    name="not_taken",
    stay=_not_taken,
    expected={**DONE, CHANGED[0]: Outcome.FAILED},
    status=Status.DONE_WITH_ERRORS,
    only=("update.", "record.", "end_sync."),
)
IN_DOUBT = Workload(name="in_doubt", prepare=_in_doubt, words=_resume)
RETRY_FAILED = Workload(name="retry_failed", prepare=_with_failures, words=_retry, again=_retry)

_COMMON = (SYNC, LOST, SLOW, NOT_TAKEN, IN_DOUBT, RETRY_FAILED)
_PAUSING = {
    "touchontime": (
        _paused("closed", 403, 104),
        _paused("maintenance", 500, 300),
        _paused("token", 403, 100),
    ),
    "smarthr": (
        _paused("maintenance", 503, 9),
        _paused("token", 401, 2),
        Workload(name="plan_full", hurt=_full, whole=False, only=("create.", "record.")),
    ),
}
WORKLOADS = [
    (direction, workload)
    for direction in DIRECTIONS
    for workload in (*_COMMON, *_PAUSING[direction[1]])
]
"""With their directions. A fault that pauses a run begins with the second create."""
