"""Being told: what needs a person, to whom, how often, and that nothing of it harms a run."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.test_companies import company, planned
from tests.postgres import Database as OnServer

from renkei.alerts import senders, telling, trying
from renkei.alerts.audience import audiences
from renkei.alerts.child import installed, notifier_for, sent
from renkei.alerts.notifier import (
    InDoubtError,
    Message,
    NotSentError,
    Way,
    authorities,
    hookimpl,
)
from renkei.alerts.sending import Became, Letter, send
from renkei.alerts.states import KINDS, states
from renkei.alerts.telling import Telling, beat
from renkei.alerts.words import LONG, SHORT, Names, gathered_message
from renkei.clock import Clock
from renkei.config import Config, load_config, load_main
from renkei.errors import MappingError
from renkei.http.network import Network
from renkei.logs import configure_logging
from renkei.model import Difference, Outcome, Remark, Selection, Status
from renkei.people import Value
from renkei.plugins import finding
from renkei.store.alerts import Gathering, Seen
from renkei.store.companies import Companies
from renkei.store.stands import Direction, Stood
from renkei.store.store import Store
from renkei.store.waiting import Waiting
from renkei.words.i18n import speaking

if TYPE_CHECKING:
    from tests.engine.world import World

NOW = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
NOTIFY = (
    "notify: {{to: [{{url: 'env:HOOK'{more}}}], dashboard: 'https://renkei.example.jp'{rest}}}\n"
)


@define
class Post:
    """Takes letters, and answers that they became of *fate*."""

    fate: str = "sent"
    letters: list[Letter] = field(factory=list)

    def __call__(self, letters: Sequence[Letter]) -> list[Became]:
        self.letters += letters
        return [Became(receiver=each.receiver, fate=self.fate, code="x") for each in letters]  # type: ignore[arg-type]

    def taken(self) -> list[dict[str, Any]]:
        """Return the facts of all messages since the last look."""
        found = [dict(each.facts) for letter in self.letters for each in letter.messages]
        self.letters.clear()
        return found

    def told(self) -> tuple[list[str], list[str]]:
        """Return the kinds that are open, and those that are over, since the last look."""
        facts = [each for each in self.taken() if each["event"] == "states"]
        both = [[e["kind"] for each in facts for e in each[key]] for key in ("open", "over")]
        return both[0], both[1]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Return what takes the letters of every telling."""
    monkeypatch.setenv("HOOK", "json://127.0.0.1:1/")
    return Post()


def wanted(world: World, more: str = "", rest: str = "") -> None:
    """Let somebody be told."""
    file = world.folder / "renkei.yaml"
    more, rest = (f", {each}" if each else "" for each in (more, rest))
    file.write_text(world.files["renkei.yaml"] + NOTIFY.format(more=more, rest=rest))


def tell(world: World, post: Post, *, attended: bool = False) -> None:
    with world.runs() as runs:
        telling_ = Telling(config=runs.config, store=runs._store, clock=runs.clock, post=post)
        telling_.tell(attended=attended)


@pytest.fixture
def said() -> Callable[[], list[dict[str, Any]]]:
    """Return what gives the warnings of the log since the last look."""
    out = io.StringIO()
    configure_logging(json=True, level="warning", stream=out)

    def taken() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        out.seek(0)
        out.truncate()
        return lines

    return taken


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setenv("RENKEI_NOW", moment)


# --- what needs a person --------------------------------------------------------------------------


def stood(status: Status, run: str = "1", **more: Any) -> Stood:
    base: dict[str, Any] = {
        "reason": None,
        "counts": {},
        "outcomes": None,
        "fetched_at": NOW,
        "sync_started_at": None,
        "finished_at": None,
        "chosen": False,
    }
    return Stood(run=run, status=status, **{**base, **more})


def direction(newest: Stood, **more: Any) -> Direction:
    base: dict[str, Any] = {"company": "", "source": "a", "target": "b"}
    return Direction(newest=newest, **{**base, **more})


REFUSED = Remark("access", ("a",))
PAUSED = stood(Status.PAUSED, reason=Remark("unavailable", ("a",)))
CASES: Mapping[str, tuple[Direction, list[str]]] = {
    "done": (direction(stood(Status.DONE), synced=stood(Status.DONE)), []),
    "token": (direction(stood(Status.FAILED, reason=REFUSED)), ["token"]),
    "failed fetch": (direction(stood(Status.FAILED, reason=Remark("timeout", ("a",)))), ["halted"]),
    "paused": (direction(PAUSED, synced=PAUSED), ["halted"]),
    "paused before": (direction(stood(Status.READY, run="2"), synced=PAUSED), ["halted"]),
    "errors": (
        direction(stood(Status.DONE_WITH_ERRORS, outcomes={Outcome.FAILED: 2})),
        ["failed"],
    ),
    "limit": (direction(stood(Status.READY, chosen=True)), ["limit"]),
    "limit, in line": (direction(stood(Status.READY, chosen=True, goes_on=True)), []),
    "never sent": (direction(stood(Status.READY, chosen=True, left=True)), []),
    "values": (direction(stood(Status.READY, lacking=True)), ["values"]),
    "in doubt": (direction(stood(Status.DONE), in_doubt=3, doubtful="1"), ["in_doubt"]),
    "people": (
        direction(
            stood(Status.READY),
            waiting=Waiting(plan="1", look_first=1, blocked=2, joining=3, left=4),
        ),
        ["look_first", "joins", "left", "blocked"],
    ),
    "at work": (direction(stood(Status.SYNCING), before=PAUSED), ["halted"]),
    "given up": (direction(stood(Status.CANCELLED)), []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_direction_needs_a_person_or_not(case: str) -> None:
    """By its newest run, the last sync and the newest plan; the order is that of the kinds."""
    found, kinds_ = CASES[case]
    assert [state.kind for state in states([found])] == kinds_


def test_a_token_that_is_refused_both_ways_is_one_state() -> None:
    """And a direction that nobody uses any more is none."""
    there = direction(stood(Status.FAILED, reason=REFUSED))
    back = direction(stood(Status.FAILED, run="2", reason=REFUSED), source="b", target="a")
    (state,) = states([there, back])
    assert (state.key, state.run) == ("token:a", "1")
    old = direction(stood(Status.FAILED, fetched_at=NOW - 15 * DAY), source="x")
    assert [each.kind for each in states([old, direction(stood(Status.DONE))])] == []
    assert [each.kind for each in states([old])] == ["halted"]


def test_every_kind_has_words() -> None:
    """A sentence, and a word or two for a badge."""
    assert set(KINDS) == set(LONG) == set(SHORT)


def test_a_plan_tells_whom_to_look_at(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who joins within two days, who has left, who is to be looked at, who is blocked for days."""
    today = dt.date(2026, 11, 20)
    wanted(world)
    for number, since in (("1", today + DAY * 2), ("2", today + DAY * 3), ("3", today - DAY * 40)):
        world.in_clinic(number, since=since)
    for number, until in (("4", today - DAY), ("5", today + DAY)):
        world.in_clinic(number, until=until)
        world.in_rosta(number)
    world.in_clinic("7", surname="別", first="人", born=dt.date(1960, 1, 1))
    world.in_rosta("7")
    world.in_clinic("8")
    world.in_rosta("8", end=today - DAY * 9)
    with world.runs() as runs:
        runs.fetch("clinic", "rosta", joiners=14)
    tell(world, post)
    (told,) = post.taken()
    counts = {each["kind"]: each["count"] for each in told["open"]}
    assert counts == {"joins": 1, "left": 1, "look_first": 1}
    at(monkeypatch, "2026-11-22T23:59:00+09:00")
    with world.runs() as runs:
        runs.fetch("clinic", "rosta", joiners=14)
    tell(world, post)
    assert "blocked" not in post.told()[0]
    at(monkeypatch, "2026-11-23T12:01:00+09:00")  # the first fetch took a while
    tell(world, post)
    (told,) = post.taken()
    counts = {each["kind"]: each["count"] for each in told["open"]}
    assert counts == {"joins": 2, "left": 2, "look_first": 1, "blocked": 1}


def test_values_that_are_missing_are_told_until_somebody_chooses(world: World, post: Post) -> None:
    """The choice may be a schedule's: the plan waits for a person."""
    from renkei.errors import UsageError

    wanted(world, "on: [values, limit]")
    world.in_clinic()
    run = world.fetch()
    with world.runs() as runs, pytest.raises(UsageError):
        runs.choose(run.id, Selection(differences=frozenset({Difference.NEW})))
    tell(world, post)
    assert post.told() == (["values"], [])
    world.choose(run)
    tell(world, post)
    assert post.told() == (["limit"], ["values"])
    world.resume(run)
    tell(world, post)
    assert post.told() == ([], ["limit"])


# --- how often ------------------------------------------------------------------------------------


def refuse(_hook: str, _values: Mapping[str, Value]) -> None:
    from renkei.errors import UnavailableError

    raise UnavailableError("down", code="timeout", where="clinic")


def fetch(world: World, *, works: bool) -> None:
    """Fetch, from a clinic that works or does not."""
    from renkei.errors import UnavailableError

    world.clinic.trouble = (lambda _hook, _values: None) if works else refuse
    try:
        world.fetch()
    except UnavailableError:
        assert not works


def test_a_state_is_told_once_a_day_and_once_when_it_is_over(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is looked at; over is told once, and only of what was told."""
    wanted(world)
    fetch(world, works=False)
    for _ in range(3):
        tell(world, post)
    assert post.told() == (["halted"], [])
    at(monkeypatch, "2026-11-20T23:59:00+09:00")
    tell(world, post)
    assert post.told() == ([], [])
    at(monkeypatch, "2026-11-21T00:00:10+09:00")
    tell(world, post)
    assert post.told() == (["halted"], [])
    fetch(world, works=True)
    for _ in range(2):
        tell(world, post)
    assert post.told() == ([], ["halted"])
    fetch(world, works=False)
    tell(world, post)
    fetch(world, works=True)
    tell(world, post)
    assert post.told() == ([], []), "it was told of on this day"


def test_what_is_only_seen_no_more_is_not_told_to_be_over(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody joined a month ago and is still not registered; it is over once they are."""
    wanted(world, "on: [joins]")
    world.in_clinic(since=dt.date(2026, 11, 20))
    world.fetch()
    nothing: tuple[list[str], list[str]] = [], []
    for moment, told in (
        ("2026-11-20T12:00:00+09:00", (["joins"], [])),
        ("2026-12-20T12:00:00+09:00", (["joins"], [])),
        ("2026-12-21T12:00:00+09:00", nothing),
    ):
        at(monkeypatch, moment)
        tell(world, post)
        assert post.told() == told, moment
    world.in_clinic("0002", since=dt.date(2026, 12, 20))
    world.fetch()
    tell(world, post)
    assert post.told() == (["joins"], [])
    world.in_rosta()
    world.in_rosta("0002")
    world.fetch()
    tell(world, post)
    assert post.told() == ([], ["joins"])


def test_a_token_of_which_nobody_has_use_any_more_is_not_told_to_be_over(
    tmp_path: Path, post: Post
) -> None:
    """Nobody knows whether it is accepted by now; those who hear of all companies hear nothing."""
    own = "notify: {to: [{url: 'env:HOOK', on: [token]}]}\n"
    main, place = companies(tmp_path, own=own)
    with closing(Store(place, company="acme")) as store:
        how = {"status": "failed", "reason": ["access", "smarthr"], "created_at": NOW}
        store._set(int(planned(store)), source="smarthr", target="touchontime", **how)
    tell_company(main, "acme", post)
    assert [each["event"] for each in post.taken()] == ["states", "tokens"]
    later = NOW + 15 * DAY
    with closing(Store(place, company="acme")) as store:
        store._set(int(planned(store)), source="other", target="touchontime", created_at=later)
    tell_company(main, "acme", post, later)
    assert post.taken() == []


STEPS = st.lists(
    st.tuples(st.integers(1, 20), st.booleans(), st.booleans()), min_size=4, max_size=20
)


@pytest.mark.fault("F101")
@settings(deadline=None, max_examples=12)
@given(STEPS)
def test_a_flapping_system_is_told_once_a_day_and_its_recovery(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bool]]
) -> None:
    """Over days of the virtual clock and two processes: open and over alternate, as it was."""
    place = str(tmp_path_factory.mktemp("law") / "law.db")
    now, days, last, was = NOW, [], None, False
    with closing(Store(place)) as one, closing(Store(place)) as other:
        for hours, is_there, first in steps:
            now += dt.timedelta(hours=hours)
            seen = [Seen(key="halted:a>b", kind="halted", count=0)] if is_there else []
            claimed = (one if first else other).claim(seen, now)
            assert not (other if first else one).claim(seen, now), "the other one has told"
            if claimed.open:
                assert is_there
                days.append((now + dt.timedelta(hours=9)).date())
                last = "open"
            if claimed.over:
                assert (last, is_there, was) == ("open", False, True)
                last = "over"
            if not is_there:
                assert last != "open", "whoever was told hears that it is over"
            else:
                assert days[-1:] == [(now + dt.timedelta(hours=9)).date()]
            was = is_there
    assert len(days) == len(set(days))


def test_seven_days_of_a_system_that_comes_and_goes(tmp_path: Path) -> None:
    """It fails every other hour: a message on each day, one that it is over, and no other."""
    told: list[tuple[str, dt.date]] = []
    with closing(Store(str(tmp_path / "week.db"))) as store:
        for hour in range(7 * 24):
            now = NOW + dt.timedelta(hours=hour)
            seen = [] if hour % 2 else [Seen(key="halted:a>b", kind="halted", count=0)]
            claimed = store.claim(seen, now)
            day = (now + dt.timedelta(hours=9)).date()
            told += [("open", day)] * len(claimed.open) + [("over", day)] * len(claimed.over)
    days = [dt.date(2026, 11, 20) + DAY * number for number in range(8)]
    assert told == [(what, day) for day in days for what in ("open", "over")]


def test_of_two_at_once_one_tells(tmp_path: Path) -> None:
    """A claim is one conditional write: two processes that have both looked do not tell twice."""
    place, told = str(tmp_path / "two.db"), []
    seen = [Seen(key=f"halted:a>{n}", kind="halted", count=0) for n in range(5)]
    stores = [Store(place) for _ in range(2)]
    ready = threading.Barrier(2)
    kept = [store.alerts for store in stores]

    def claim(store: Store) -> None:
        ready.wait()
        told.append(set(store.claim(seen, NOW).open))

    threads = [threading.Thread(target=claim, args=(store,)) for store in stores]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not told[0] & told[1]
    assert set().union(*told) == {each.key for each in seen}
    assert len(kept[0]()) == 5
    for store in stores:
        store.close()


@pytest.mark.fault("F101")
@pytest.mark.postgres
def test_nobody_tells_what_another_has_claimed(tmp_path: Path, database: OnServer | None) -> None:
    """On either kind of store, the one that looked before the other wrote gets nothing."""
    place = str(tmp_path / "one.db") if database is None else database.address
    (seen,) = [Seen(key="halted:a>b", kind="halted", count=0)]
    with closing(Store(place)) as one, closing(Store(place)) as other:
        before = [other.alerts()]
        assert one.claim([seen], NOW)
        other.alerts = lambda: before.pop() if before else one.alerts()  # type: ignore[method-assign]
        assert not other.claim([seen], NOW)
        del other.alerts
        assert [each.kind for each in other.alerts()] == ["halted"]
        assert one.once("done", "done", NOW, run="7")
        assert not other.once("done", "done", NOW, run="7")
        assert other.once("done", "done", NOW, run="8")


@pytest.mark.fault("F101")
def test_what_has_reached_nobody_is_told_again(world: World, post: Post) -> None:
    """If it is certain; what may have arrived is not sent twice."""
    wanted(world)
    fetch(world, works=False)
    for fate, again in (("refused", True), ("refused", True), ("unknown", False)):
        post.fate = fate
        tell(world, post)
        assert post.told() == (["halted"], []), again
    tell(world, post)
    assert post.told() == ([], [])
    fetch(world, works=True)
    for fate in ("refused", "sent"):
        post.fate = fate
        tell(world, post)
        assert post.told() == ([], ["halted"])
    tell(world, post)
    assert post.told() == ([], [])


def test_what_came_back_and_has_reached_nobody_is_not_told_to_be_over(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it was told the time before is another matter."""
    wanted(world)
    for works, told in ((False, (["halted"], [])), (True, ([], ["halted"]))):
        fetch(world, works=works)
        tell(world, post)
        assert post.told() == told
    at(monkeypatch, "2026-11-21T12:00:00+09:00")
    fetch(world, works=False)
    post.fate = "refused"
    tell(world, post)
    assert post.told() == (["halted"], [])
    fetch(world, works=True)
    post.fate = "sent"
    tell(world, post)
    assert post.told() == ([], [])


def test_an_address_that_cannot_be_had_is_one_that_is_not_reached(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the variable is set later, its receiver is told."""
    wanted(world)
    monkeypatch.delenv("HOOK")
    fetch(world, works=False)
    tell(world, post)
    assert post.letters == []
    monkeypatch.setenv("HOOK", "http://example.jp/plain")
    tell(world, post)
    assert post.letters == []
    monkeypatch.setenv("HOOK", "json://127.0.0.1:1/")
    tell(world, post)
    assert post.told() == (["halted"], [])


def test_while_a_process_is_at_work_nothing_is_over(world: World, post: Post) -> None:
    """A run that is gone on with has not ended yet."""
    wanted(world)
    world.in_clinic()
    run = world.fetch()
    world.rosta.trouble = refuse
    world.sync(run)
    tell(world, post)
    assert "halted" in post.told()[0]
    world.rosta.trouble = lambda _hook, _values: None
    seen: list[tuple[list[str], list[str]]] = []

    def look(hook: str, _values: object) -> None:
        if hook == "create_employee":
            tell(world, post)
            seen.append(post.told())

    world.rosta.trouble = look
    world.resume(run)
    assert seen == [([], [])]
    tell(world, post)
    assert "halted" in post.told()[1]


def test_who_is_told_what(world: World, post: Post) -> None:
    """Each receiver hears what it wants; what nobody wants is told when somebody does."""
    wanted(world, "on: [token]")
    fetch(world, works=False)
    tell(world, post)
    assert post.told() == ([], [])
    wanted(world, "on: [token, halted]")
    tell(world, post)
    assert post.told() == (["halted"], [])


def test_who_sees_the_plan_is_not_told_of_it(world: World, post: Post) -> None:
    """A fetch that failed is told all the same; and the plan as soon as nobody looks at it."""
    wanted(world)
    world.in_clinic(since=dt.date(2026, 11, 20))
    world.fetch()
    tell(world, post, attended=True)
    assert post.told() == ([], [])
    fetch(world, works=False)
    tell(world, post, attended=True)
    assert post.told() == (["halted"], [])
    tell(world, post)
    assert post.told() == (["joins"], [])


def test_a_sync_and_a_week_are_told_if_somebody_wants_them(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once; not the syncs of before somebody wanted to know."""
    world.in_clinic()
    world.sync(world.fetch())
    at(monkeypatch, "2026-11-22T12:00:00+09:00")
    wanted(world, "done: true, weekly: true")
    tell(world, post)
    assert post.taken() == []
    world.in_clinic("0002")
    world.sync(world.fetch())
    for _ in range(2):
        tell(world, post)
    (told,) = post.taken()
    assert (told["event"], told["run"], told["counts"]["created"]) == ("done", "2", 1)
    at(monkeypatch, "2026-11-23T09:00:00+09:00")
    for _ in range(2):
        tell(world, post)
    (told,) = post.taken()
    assert (told["event"], told["first"], told["last"]) == ("weekly", "2026-11-16", "2026-11-22")
    assert told["counts"] == {
        "fetched": 2, "synced": 2, "created": 2, "updated": 0, "failed": 0
    }  # fmt: skip


@pytest.mark.fault("F101")
def test_a_sync_and_a_week_that_have_reached_nobody_are_told_again(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as that is certain, and only until somebody has heard."""

    def heard(*fates: str) -> list[list[str]]:
        found = []
        for post.fate in fates:
            tell(world, post)
            found.append([each["event"] for each in post.taken()])
        return found

    wanted(world, "done: true, weekly: true")
    world.in_clinic()
    world.sync(world.fetch())
    assert heard("refused", "sent", "sent") == [["done"], ["done"], []]
    at(monkeypatch, "2026-11-23T09:00:00+09:00")
    assert heard("refused", "unknown", "unknown") == [["weekly"], ["weekly"], []]


# --- several companies ----------------------------------------------------------------------------


SHARED = """store: all.db
companies: companies/
notify: {to: [{url: 'env:HOOK'}], dashboard: 'https://renkei.example.jp', names: NAMES}
"""


def refused(place: str, name: str) -> None:
    """Let the token of a company be refused."""
    with closing(Store(place, company=name)) as store:
        run = int(planned(store))
        store._set(run, status="failed", reason=["access", "smarthr"], created_at=NOW)


def tell_company(main: Path, name: str, post: Post, moment: dt.datetime = NOW) -> None:
    config = load_config(main, name)
    with closing(Store(config.store, company=name)) as store:
        Telling(config=config, store=store, clock=Fixed(moment), post=post).tell()


class Fixed(Clock):
    def __init__(self, moment: dt.datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> dt.datetime:
        return self._moment


def companies(folder: Path, names: str = "label", own: str = "") -> tuple[Path, str]:
    *_others, main = [company(folder, name) for name in ("acme", "beta", "gamma")]
    main.write_text(SHARED.replace("NAMES", names))
    if own:
        file = folder / "companies" / "acme.yaml"
        file.write_text(file.read_text() + own)
    return main, str(folder / "all.db")


def test_refused_tokens_of_all_companies_are_one_message(tmp_path: Path, post: Post) -> None:
    """At most one an hour, each company once a day; a company's own receiver hears at once."""
    own = "notify: {to: [{url: 'env:HOOK', on: [token]}]}\n"
    main, place = companies(tmp_path, own=own)
    refused(place, "acme")
    tell_company(main, "acme", post)
    own_, shared = post.taken()
    assert (own_["event"], own_["company"]) == ("states", "Acme (acme)")
    assert shared["event"] == "tokens"
    assert shared["companies"] == {"smarthr": ["Acme (acme)"]}
    refused(place, "beta")
    refused(place, "gamma")
    tell_company(main, "beta", post)
    tell_company(main, "gamma", post)
    assert post.taken() == []
    tell_company(main, "acme", post, NOW + dt.timedelta(minutes=61))
    (later,) = post.taken()
    assert later["companies"] == {"smarthr": ["Beta (beta)", "Gamma (gamma)"]}
    post.fate = "refused"
    for name in ("acme", "beta", "gamma"):
        tell_company(main, name, post, NOW + DAY)
    found = [each for each in post.taken() if each["event"] == "tokens"]
    assert len(found) == 3, "it has reached nobody"
    assert found[-1]["companies"] == {"smarthr": ["Acme (acme)", "Beta (beta)", "Gamma (gamma)"]}


BETWEEN = {"source": "smarthr", "target": "touchontime"}


def away(place: str, name: str) -> None:
    """Let the fetch of a company fail: a system does not answer."""
    with closing(Store(place, company=name)) as store:
        how = {"status": "failed", "reason": ["timeout", "smarthr"], "created_at": NOW}
        store._set(int(planned(store)), **BETWEEN, **how)


def back(place: str, name: str, moment: dt.datetime) -> None:
    """Let a later fetch of a company succeed."""
    with closing(Store(place, company=name)) as store:
        store._set(int(planned(store)), **BETWEEN, created_at=moment, fetched_at=moment)


def test_a_system_that_is_away_for_all_companies_is_one_message(tmp_path: Path, post: Post) -> None:
    """At most one an hour with how many there are, and that it is over; its own receiver hears."""
    own = "notify: {to: [{url: 'env:HOOK', on: [halted]}]}\n"
    main, place = companies(tmp_path, own=own)
    minute = dt.timedelta(minutes=1)
    for name in ("acme", "beta", "gamma"):
        away(place, name)
        tell_company(main, name, post)
    own_, shared = post.taken()
    assert [each["kind"] for each in own_["open"]] == ["halted"]
    assert (shared["event"], shared["company"]) == ("halted", None)
    assert shared["companies"] == {"smarthr → touchontime": ["Acme (acme)"]}
    tell_company(main, "beta", post, NOW + 61 * minute)
    (later,) = post.letters
    assert "2 companies: Beta (beta), Gamma (gamma)" in later.messages[0].text
    assert "Companies whose fetches failed, or syncs stopped: 2" in later.messages[0].title
    post.letters.clear()
    for name in ("acme", "beta", "gamma"):
        back(place, name, NOW + 70 * minute)
        tell_company(main, name, post, NOW + 71 * minute)
    own_, *nothing = post.taken()
    assert (nothing, [each["kind"] for each in own_["over"]]) == ([], ["halted"])
    for post.fate in ("refused", "sent", "sent"):  # the first time it reaches nobody
        tell_company(main, "beta", post, NOW + 123 * minute)
    found = post.taken()
    assert [each["event"] for each in found] == ["halted", "halted"]
    assert [len(names) for each in found for names in each["over"].values()] == [3, 3]
    assert [each["companies"] for each in found] == [{}, {}]


@pytest.mark.postgres
def test_a_system_that_comes_and_goes_is_gathered_once_a_day(
    tmp_path: Path, database: OnServer | None
) -> None:
    """And told to be over once, however often it is away on that day."""
    place = str(tmp_path / "all.db") if database is None else database.address
    told: list[tuple[int, str]] = []
    with closing(Store(place, company="acme")) as store, closing(Companies(place)) as all_:
        for step in range(24):
            now = NOW + step * dt.timedelta(minutes=61)
            seen = [] if step % 2 else [Seen(key="halted:a>b", kind="halted", count=0)]
            store.claim(seen, now)
            gathering = all_.gather("halted", now)
            if gathering is not None:
                told += [(step, "open") for _each in gathering.open]
                told += [(step, "over") for _each in gathering.over]
    assert told == [(0, "open"), (1, "over"), (12, "open"), (13, "over")]


def test_what_comes_and_goes_within_the_hour_is_told_to_be_over_in_the_end(tmp_path: Path) -> None:
    """Nobody heard of the end in between; and what reached nobody is told once more."""
    place, minute = str(tmp_path / "all.db"), dt.timedelta(minutes=1)
    there = [Seen(key="halted:a>b", kind="halted", count=0)]
    with closing(Store(place, company="acme")) as store, closing(Companies(place)) as all_:

        def gathered(after: dt.timedelta) -> Gathering | None:
            return all_.gather("halted", NOW + after)

        store.claim(there, NOW)
        assert gathered(0 * minute)
        for after, seen in ((10, []), (20, there), (30, [])):
            store.claim(seen, NOW + after * minute)
            assert gathered(after * minute) is None
        for _twice in range(2):
            found = gathered(70 * minute)
            assert found is not None
            assert (len(found.open), len(found.over)) == (0, 1)
            all_.give_back_gathered(found)
        store.claim(there, NOW + DAY)
        found = gathered(DAY)
        assert found is not None
        all_.give_back_gathered(found)  # it was told of yesterday, and its end was not
        store.claim([], NOW + DAY + minute)
        found = gathered(DAY + minute)
        assert found is not None
        assert [each.key for each in found.over] == ["halted:a>b"]


def test_a_store_of_before_knows_whose_end_is_still_to_be_told(tmp_path: Path) -> None:
    """What was over at the last gathering was told there; what ended since was not."""
    place, minute = tmp_path / "all.db", dt.timedelta(minutes=1)
    lasts, told, ended = (Seen(key=f"halted:a>{n}", kind="halted", count=0) for n in "bcd")
    with closing(Store(str(place), company="acme")) as store:
        all_ = Companies(str(place))
        for after, seen in ((0, [lasts, told, ended]), (61, [lasts, ended]), (70, [lasts])):
            store.claim(seen, NOW + after * minute)
            assert (all_.gather("halted", NOW + after * minute) is None) == (after == 70)
        all_.close()
    with closing(sqlite3.connect(place)) as old, old:
        old.execute("alter table alerts drop column gathered")
        old.execute("update alembic_version set version_num = '0016'")
    with closing(Companies(str(place))) as all_:
        found = all_.gather("halted", NOW + 130 * minute)
    assert found is not None
    assert (found.open, [each.key for each in found.over]) == ([], [ended.key])


def test_a_clock_that_was_ahead_silences_nobody_for_a_year(tmp_path: Path) -> None:
    """What it has told of is told anew, each day, and the sum of the week as well."""
    place, year = str(tmp_path / "all.db"), 365 * DAY
    there, monday = [Seen(key="halted:a>b", kind="halted", count=0)], dt.date(2026, 11, 16)
    with closing(Store(place, company="acme")) as store, closing(Companies(place)) as all_:
        for ahead in (year, 0 * DAY, DAY):
            now, day = NOW + ahead, monday + ahead
            assert store.claim(there, now).open, ahead
            assert not store.claim(there, now)
            assert all_.gather("halted", now), ahead
            assert not all_.gather("halted", now + dt.timedelta(hours=2))
            if ahead != DAY:
                assert store.once("weekly", "weekly", now, day=day)
            assert not store.once("weekly", "weekly", now, day=day - DAY)


def test_of_many_companies_a_message_names_the_first() -> None:
    """And says how many there are."""
    names = [f"Company {number}" for number in range(300)]
    message = gathered_message("missed", {"": names}, {}, Names())
    assert message.title == "[renkei] Companies whose schedules did not run: 300"
    assert message.text.startswith("300 companies: Company 0, Company 1,")
    assert message.text.endswith("Company 19 …")


def test_one_address_that_cannot_be_had_keeps_nobody_else_from_hearing_of_all(
    tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And as long as there is no other one, what was gathered is told as soon as it can be had."""
    main, place = companies(tmp_path)
    text = main.read_text()
    main.write_text(text.replace("to: [", "to: [{url: 'env:NOWHERE'}, "))
    refused(place, "acme")
    tell_company(main, "acme", post)
    assert [each["event"] for each in post.taken()] == ["tokens"]
    main.write_text(text)
    monkeypatch.delenv("HOOK")
    tell_company(main, "acme", post, NOW + DAY)
    assert post.letters == []
    monkeypatch.setenv("HOOK", "json://127.0.0.1:1/")
    tell_company(main, "acme", post, NOW + DAY)
    assert [each["event"] for each in post.taken()] == ["tokens"]


def test_a_way_out_of_all_that_cannot_be_had_leaves_a_companys_own(
    tmp_path: Path, post: Post, said: Callable[[], list[dict[str, Any]]]
) -> None:
    """Those who hear of all companies hear nothing then, and a line of the log says why."""
    own = "notify: {to: [{url: 'env:HOOK', on: [token]}], proxy: 'http://127.0.0.1:1'}\n"
    main, place = companies(tmp_path, own=own)
    main.write_text(main.read_text().replace("names:", "proxy: env:NO_SUCH_PROXY, names:"))
    refused(place, "acme")
    tell_company(main, "acme", post)
    assert [(each["event"], each["company"]) for each in post.taken()] == [
        ("states", "Acme (acme)")
    ]
    assert [each["event"] for each in said()] == ["not_told"]
    levels = [each.level for each in trying.findings(load_config(main, "acme"))]
    assert levels == ["ok", "warning"]


def test_a_code_stands_for_a_company_if_somebody_wants_it_so(tmp_path: Path, post: Post) -> None:
    """Neither its name nor its label leaves the house, not even in the link."""
    main, place = companies(tmp_path, names="code")
    with closing(Store(place, company="acme")) as store:
        run = int(planned(store))
        store._set(run, status="done_with_errors", created_at=NOW, sync_started_at=NOW)
    refused(place, "beta")
    tell_company(main, "acme", post)
    tell_company(main, "beta", post)
    text = json.dumps([str(m) for each in post.letters for m in each.messages])
    assert "acme" not in text.lower()
    assert "beta" not in text.lower()
    states_, tokens = post.taken()
    assert len(states_["company"]) == 6
    assert states_["open"][0]["link"] == "https://renkei.example.jp/inbox"
    assert len(tokens["companies"]["smarthr"][0]) == 6


def test_the_list_of_all_companies_keeps_to_the_calendar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RENKEI_NOW moves it while everything is on this computer, as it moves that of a company."""
    from renkei.config.clock import clock_for_all

    main, _place = companies(tmp_path)
    monkeypatch.setenv("RENKEI_NOW", "2026-04-01T12:00:00+09:00")
    assert clock_for_all(load_main(main)).today() == dt.date(2026, 4, 1)
    own = tmp_path / "companies" / "beta.yaml"
    own.write_text(own.read_text().replace("http://127.0.0.1:1/api", "https://x.example.jp"))
    assert clock_for_all(load_main(main)).today() != dt.date(2026, 4, 1)


# --- what is in a message -------------------------------------------------------------------------


@pytest.mark.security(17)
def test_a_message_holds_nothing_of_anybody_and_no_secret(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts, direction, link: no name, number or value; no letter shows its address by itself."""
    monkeypatch.setenv("HOOK", "slack://xoxb-secret-of-ours/T/C")
    wanted(world, "done: true, weekly: true")
    mine = {"surname": "秘密院", "first": "ひみつ", "mail": "himitsu@example.jp"}
    world.in_clinic("90417", since=dt.date(2026, 11, 21), **mine)
    world.in_clinic("90418", born=dt.date(1971, 2, 3), **mine)
    world.in_rosta("90418", family="別人院", dob=dt.date(1950, 1, 2))
    world.in_clinic("90419", until=dt.date(2026, 11, 1), **mine)
    world.in_rosta("90419")
    run = world.fetch()
    world.rosta.trouble = refuse
    world.sync(run)
    monkeypatch.setenv("RENKEI_NOW", "2026-11-24T12:00:00+09:00")
    for language in ("ja", "en"):
        wanted(world, "done: true, weekly: true", f"language: {language}")
        with world.runs() as runs, runs._store._writing() as c:
            c.exec_driver_sql("delete from alerts")
        tell(world, post)
    assert post.letters
    text = f"{post.letters}" + json.dumps(
        [[m.title, m.text, m.link, dict(m.facts)] for each in post.letters for m in each.messages],
        ensure_ascii=False,
    )
    for message in (each for letter in post.letters for each in letter.messages):
        text = text.replace(message.id, "")  # a digest may have any digits
    for value in ("秘密", "ひみつ", "himitsu", "904", "1971", "別人", "xoxb-secret", "2026-11-21"):
        assert value not in text, value


@pytest.mark.parametrize(("language", "word"), [("ja", "要対応"), ("en", "Needs a person")])
def test_messages_speak_the_language_that_is_set(
    world: World, post: Post, language: str, word: str
) -> None:
    """Whatever the command speaks."""
    wanted(world, rest=f"language: {language}")
    fetch(world, works=False)
    with speaking("en" if language == "ja" else "ja"):
        tell(world, post)
    (letter,) = post.letters
    (message,) = letter.messages
    assert word in message.title
    assert message.link == "https://renkei.example.jp/runs/1"


# --- nothing harms a run --------------------------------------------------------------------------


@pytest.mark.fault("F101")
@pytest.mark.parametrize("error", [RuntimeError("秘密"), KeyboardInterrupt(), OSError()])
def test_whatever_telling_does_the_run_is_as_it_is(
    world: World,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    said: Callable[[], list[dict[str, Any]]],
    error: BaseException,
) -> None:
    """It raises nothing, and what it could not do is one line without any value."""
    wanted(world)

    def fail(_letters: object) -> list[Became]:
        raise error

    monkeypatch.setattr(telling, "Telling", partial(Telling, post=fail))
    world.in_clinic(since=dt.date(2026, 11, 20))
    with world.runs() as runs:
        run = runs.fetch("clinic", "rosta")
        runs.tell()
    assert run.status is Status.READY
    lines = said()
    assert [line["event"] for line in lines] == ["not_told"]
    assert "秘密" not in str(lines)


def test_only_who_has_run_something_tells(world: World, post: Post) -> None:
    """A look at reports tells nobody; nor does anything without receivers write a line."""
    fetch(world, works=False)
    with world.runs() as runs:
        runs.tell(anyway=True)
        assert runs._store.alerts() == []
    wanted(world)
    with world.runs() as runs:
        runs.reports()
        runs.tell()
        assert runs._store.alerts() == []


# --- sending --------------------------------------------------------------------------------------


@define
class Taken:
    """What a way out was given."""

    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.posts.append((url, body, headers))


MESSAGE = Message(id="7", title="題", text="本文", link="https://r.example.jp/x", facts={"a": 1})


def test_a_webhook_is_signed() -> None:
    """A receiver with the secret can tell that it is from us, of now, and as we sent it."""
    way = Taken()
    notifier = senders.signed("s3cret", now=lambda: 1700000000.9)
    notifier(MESSAGE, "https://hook.example.jp/x", way)  # type: ignore[arg-type]
    ((url, body, headers),) = way.posts
    assert url == "https://hook.example.jp/x"
    assert json.loads(body) == {
        "id": "7", "title": "題", "text": "本文", "link": "https://r.example.jp/x", "a": 1
    }  # fmt: skip
    assert (headers["X-Renkei-Timestamp"], headers["X-Renkei-Id"]) == ("1700000000", "7")
    digest = hmac.new(b"s3cret", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Renkei-Signature"] == f"sha256={digest}"


def test_chatwork_and_line_works_are_spoken() -> None:
    """Each with its address, its header and its form; an address that cannot be is refused."""
    way: Any = Taken()
    senders.chatwork(MESSAGE, "chatwork://t0ken@4711", way)
    senders.line_works(MESSAGE, "https://webhook.worksmobile.com/message/abc-1", way)
    senders.line_works(MESSAGE, "lineworks://abc-1", way)
    room, native, short = way.posts
    assert room[0] == "https://api.chatwork.com/v2/rooms/4711/messages"
    assert room[2]["X-ChatWorkToken"] == "t0ken"
    assert room[1].startswith(b"body=%5Binfo%5D%5Btitle%5D")
    assert native == short
    assert native[0] == "https://webhook.worksmobile.com/message/abc-1"
    assert json.loads(native[1])["body"] == {"text": "本文\nhttps://r.example.jp/x"}
    for notifier, address in (
        (senders.chatwork, "chatwork://4711"),
        (senders.line_works, "lineworks:"),
    ):
        with pytest.raises(NotSentError):
            notifier(MESSAGE, address, way)


class Extension:
    """Sends to addresses of its own, and would like to have those of others."""

    def __init__(self, fails: BaseException | None = None) -> None:
        self.sent: list[str] = []
        self.fails = fails

    @hookimpl
    def notifiers(self) -> Mapping[str, Callable[[Message, str, Way], None]]:
        return {"pigeon": self.send, "chatwork": self.send}

    def send(self, message: Message, address: str, way: Way) -> None:
        self.sent.append(address)
        if self.fails:
            raise self.fails


class Broken:
    error: type[BaseException] = RuntimeError

    @hookimpl
    def notifiers(self) -> Mapping[str, Callable[[Message, str, Way], None]]:
        raise self.error


class Exiting(Broken):
    error = SystemExit

    def load(self) -> object:
        """As an entry point: what it names ends the process while it is imported."""
        raise SystemExit


def letter(address: str, **more: object) -> dict[str, Any]:
    message: dict[str, Any] = {"id": "1", "title": "t", "text": "x", "link": None, "facts": {}}
    base = {"secret": None, "proxy": None, "ca_file": None, "language": "ja"}
    return {**base, "address": address, "messages": [message], **more}


def test_an_extension_sends_to_addresses_of_its_own() -> None:
    """Those of renkei stay its own; whatever it raises is a fate, and its text stays inside."""
    mine = Extension()
    assert sent(letter("pigeon://loft"), [Broken(), mine]) == [("sent", "")]
    assert mine.sent == ["pigeon://loft"]
    assert notifier_for("chatwork://a@1", None, [mine]) is senders.chatwork
    for error, fate in (
        (NotSentError("tired"), ("refused", "tired")),
        (InDoubtError("lost"), ("unknown", "lost")),
        (ValueError("秘密"), ("unknown", "ValueError")),
    ):
        assert sent(letter("pigeon://loft"), [Extension(error)]) == [fate]


def test_an_extension_that_exits_ends_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as if it were not there: `renkei check` and the doctor ask it, too."""
    monkeypatch.setattr(finding, "found", lambda _group: (Exiting(),))
    assert list(installed()) == []
    mine = Extension()
    assert notifier_for("pigeon://loft", None, [Exiting(), mine]) == mine.send


@contextmanager
def receiver(answer: Callable[[str], int | None]) -> Iterator[tuple[str, list[str]]]:
    """Let a server on this computer answer each path; None: not before the block ends."""
    asked: list[str] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            status = answer(self.path)
            if status is None:
                over.wait(30)
                return
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the library's own names

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.fault("F101")
@pytest.mark.security(7, 55)
def test_letters_go_out_by_processes_that_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One that hangs costs its time and no more; redirects are not followed, by nobody.

    All take the proxy of the configuration, and none that of the environment.
    """
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    away = "http://renkei.invalid/away"
    answers = {"/ok": 204, "/moved": 307, "/hangs": None, away: 200}
    with receiver(lambda path: answers[path.rstrip("/")]) as (host, asked):
        proxied = Network(proxy=f"http://{host}")
        letters = [
            Letter(
                receiver=path,
                address=address,
                secret=secret,
                messages=[MESSAGE],
                language="ja",
                network=network,
            )
            for path, address, secret, network in (
                ("ok", f"http://{host}/ok", "s", Network()),
                ("moved", f"http://{host}/moved", "s", Network()),
                ("library", f"json://{host}/moved?verify=no&redirect=yes", None, Network()),
                ("away", "json://renkei.invalid/away", None, proxied),
                ("hangs", f"http://{host}/hangs", "s", Network()),
            )
        ]
        became = {each.receiver: each.fate for each in send(letters[:-1])}
        began = time.monotonic()
        became |= {each.receiver: each.fate for each in send(letters[-1:], within_s=1.0)}
        took_s = time.monotonic() - began
    assert became == {
        "ok": "sent", "moved": "refused", "library": "refused", "away": "sent", "hangs": "unknown"
    }  # fmt: skip
    assert away in asked
    assert took_s < 4.0
    assert "/elsewhere" not in asked


def test_the_library_trusts_our_authority_beside_the_public_ones(tmp_path: Path) -> None:
    """It takes one file: both are in it, and none is made where there is nothing of ours."""
    import certifi

    own = tmp_path / "own.pem"
    own.write_bytes(b"-----OURS-----\n")
    whole = authorities(Network(ca_file=own), tmp_path)
    assert whole is not None
    assert whole.read_bytes() == Path(certifi.where()).read_bytes() + b"\n-----OURS-----\n"
    assert authorities(Network(), tmp_path) is None


def test_a_heartbeat_is_asked_for_and_harms_nothing(
    world: World,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    said: Callable[[], list[dict[str, Any]]],
) -> None:
    """Its address is a secret; without one nothing is asked for, and a failure is a line."""
    config = load_config(world.folder / "renkei.yaml")
    beat(config)
    wanted(world, rest="heartbeat: env:BEAT")
    with receiver(lambda path: 200 if path == "/ok" else 500) as (host, asked):
        for path in ("/ok", "/bad"):
            monkeypatch.setenv("BEAT", f"http://{host}{path}")
            beat(load_config(world.folder / "renkei.yaml"))
            told = [(line["event"], line["code"]) for line in said()]
            assert told == ([] if path == "/ok" else [("no_heartbeat", "HTTP 500")])
    assert asked == ["/ok", "/bad"]


def test_a_check_tells_whether_a_message_could_leave(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a warning, as the work can be done all the same; nothing is sent."""
    wanted(world)

    def told() -> list[tuple[str, str]]:
        with world.runs() as runs:
            *_others, found = runs.check()
        assert found.subject == "messages"
        return [(each.level, each.message) for each in found.findings]

    ((level, message),) = told()
    assert (level, message.startswith("env:HOOK: ")) == ("warning", True)
    monkeypatch.setenv("HOOK", "slack://secret/b/c")
    ((level, message),) = told()
    assert (level, message.startswith("env:HOOK is told")) == ("ok", True)
    monkeypatch.setattr(trying, "find_spec", lambda _name: None)
    ((level, message),) = told()
    assert (level, "renkei[notify]" in message) == ("warning", True)
    monkeypatch.setenv("HOOK", "chatwork://t@1")
    assert [level for level, _message in told()] == ["ok"]


# --- the configuration ----------------------------------------------------------------------------


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "renkei.yaml"
    file.write_text(f"connections: {{}}\nsettings: {{setup: web}}\n{text}")
    try:
        load_config(file)
    except MappingError as error:
        return [f"{each.line}:{each.column}: {each.message}" for each in error.problems]
    return []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("url: 'https://hooks.slack.com/services/T0/B0/x'", "3:21"),
        ("url: 'slack://a/b/c'", "3:21"),
        ("url: 'mailtos://u:p@smtp.example.jp?to=b@example.jp'", "3:21"),
        ("url: 'mailtos://smtp.example.jp?to=b@example.jp&pass=x'", "3:21"),
        ("url: 'https://h.example.jp/hooks/3f9a7c1d5e8b2a40', secret: env:S", "3:21"),
        ("url: 'https://h.example.jp/r?token=abc', secret: env:S", "3:21"),
        ("url: 'http://h.example.jp/r', secret: env:S", "3:21"),
        ("url: 'https://h.example.jp/r', secret: abc", "3:55"),
        ("url: 'env:a b'", "3:21"),
        ("url: env:X, on: [tokens]", "3:33"),
        ("url: env:X, off: true", "3:28"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_a_secret(
    tmp_path: Path, text: str, place: str
) -> None:
    """An address that may hold a secret stands elsewhere, as a token does."""
    (told,) = problems(tmp_path, f"notify: {{to: [{{{text}}}]}}\n")
    assert told.startswith(f"{place}:")
    for secret in ("services", "abc", "3f9a", "u:p", "slack://a"):
        assert secret not in told


def test_what_holds_no_secret_may_stand_in_the_file(tmp_path: Path) -> None:
    """A mail server that asks for no password, and a webhook whose secret is kept elsewhere."""
    for text in (
        "url: 'mailtos://smtp.example.jp?from=a@example.jp&to=b@example.jp'",
        "url: 'https://h.example.jp/renkei', secret: file:hook.key",
        "url: cmd:pass show slack, on: [], done: true, weekly: true",
    ):
        assert problems(tmp_path, f"notify: {{to: [{{{text}}}]}}\n") == []
    assert problems(tmp_path, "notify: {dashboard: x, heartbeat: x, names: x, proxy: 'u:p@x'}\n")


def test_the_main_file_of_several_has_receivers_of_its_own(tmp_path: Path) -> None:
    """They stand there beside the store; everything else is a company's."""
    main, _place = companies(tmp_path)
    assert load_main(main).notify.names == "label"
    config: Config = load_config(main, "acme")
    assert config.notify.to == ()
    (audience,) = audiences(config)
    assert audience.of_all
    main.write_text(main.read_text().replace("env:HOOK", "slack://a/b"))
    with pytest.raises(MappingError, match=r"renkei\.yaml:3:21"):
        load_main(main)
