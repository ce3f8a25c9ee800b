"""Two months of nightly runs, with joiners, leavers and corrections, from what the target holds."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from tests.e2e.people import FIELDS, put, read
from tests.pair import NEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.office import Office

FIRST = dt.date(2026, 11, 20)
NIGHTS = 61
LEAVERS = 62
JOINERS = 14
FAMILIES = (
    ("青木", "アオキ"), ("石井", "イシイ"), ("上野", "ウエノ"), ("遠藤", "エンドウ"),
    ("岡本", "オカモト"), ("加藤", "カトウ"), ("木村", "キムラ"), ("工藤", "クドウ"),
    ("小林", "コバヤシ"), ("清水", "シミズ"), ("高橋", "タカハシ"), ("田中", "タナカ"),
)  # fmt: skip
GIVENS = (
    "彩ア",
    "郁イ",
    "詩ウ",
    "英エ",
    "央オ",
    "可カ",
    "希キ",
    "久ク",
    "恵ケ",
    "光コ",
    "沙サ",
    "志シ",
)
"""A character and its reading; two of them make a given name that nobody else has."""
TWINS = {"same_person", "maybe_same_person", "rehire", "maybe_rehire"}
ABOUT_PEOPLE = {"leavers_unsure", "number_on_roll_too", "left_before_base", "left_long_ago"}
OWN = ("given", "birth")
"""The facts by which a record is known as its person's: nobody else ever has both."""


@define
class Human:
    """Somebody as HR knows them, and all that HR ever said of them."""

    number: str
    facts: dict[str, str]
    id: str = ""
    gone: bool = False
    ever: set[tuple[str, ...]] = field(factory=set)
    records: set[str] = field(factory=set)
    """The target's records that were made for them."""

    def day(self, key: str) -> dt.date | None:
        """Return a date of theirs."""
        held = self.facts.get(key)
        return dt.date.fromisoformat(held) if held else None

    def employed(self, day: dt.date) -> bool:
        """Whether they are on the roll of this day."""
        hired, left = self.day("hired"), self.day("left")
        return not self.gone and hired is not None and hired <= day and (left is None or left > day)


@define
class Life:
    """HR at work by day, renkei by night, and now and then somebody who looks at the rest."""

    office: Office
    source: str
    target: str
    random: Random
    today: dt.date = FIRST
    humans: list[Human] = field(factory=list)
    known: set[str] = field(factory=set)
    last: dict[str, Any] = field(factory=dict)
    done: list[str] = field(factory=list)

    # --- HR ------------------------------------------------------------------------------------

    def hires(self, offset: int, number: str | None = None) -> Human:
        """HR enters somebody who joins *offset* days from today."""
        index = len(self.humans)
        family, family_kana = FAMILIES[index % len(FAMILIES)]
        parts = GIVENS[index // 12 % 12], GIVENS[index % 12]
        given, given_kana = ("".join(each) for each in zip(*parts, strict=True))
        facts = {
            "family": family, "family_kana": family_kana, "given": given, "given_kana": given_kana,
            "birth": (dt.date(1965, 1, 9) + dt.timedelta(days=131 * index)).isoformat(),
            "gender": ("male", "female")[index % 2],
            "hired": (self.today + dt.timedelta(days=offset)).isoformat(),
        }  # fmt: skip
        human = Human(number or f"{1000 + index}", facts)
        human.id = put(self.office, self.source, human.number, facts)
        self.humans.append(human)
        self.says(human)
        return human

    def says(self, human: Human, **facts: str) -> bool:
        """HR corrects somebody; always true."""
        human.facts.update(facts)
        human.ever.add(tuple(human.facts[key] for key in OWN))
        names = FIELDS[self.source]
        theirs = {names[key]: value or None for key, value in facts.items()}
        self.office.system(self.source).edit(human.id, **theirs)
        return True

    def leaves_between(self, human: Human, first: int, last: int) -> bool:
        """HR says that somebody leaves in *first* to *last* days, but not before they joined."""
        day = self.today + dt.timedelta(days=self.random.randint(first, last))
        return self.says(human, left=max(human.day("hired") or day, day).isoformat())

    def someone(self, fits: Callable[[Human], bool]) -> Human | None:
        """Return somebody of whom this is true."""
        return self.random.choice([h for h in self.humans if fits(h)] or [None])

    def day(self) -> None:
        """Let up to four things happen in HR."""
        for _ in range(self.random.randint(0, 4)):
            event = self.random.choice(EVENTS)
            if event(self):
                self.done.append(event.__name__)

    # --- renkei --------------------------------------------------------------------------------

    def night(self) -> None:
        """The scheduled run."""
        self.office.box.clock.set(f"{self.today}T02:00:00+09:00")
        words = ("--difference", "new,changed", *NEW[self.target])
        result = self.office.ask("run", self.source, self.target, *words)
        assert result.code in (0, 1), result.out + result.err
        self.last = result.json
        self.judge()

    def morning(self) -> None:
        """Somebody looks at who was left for them, and at who is blocked."""
        run = self.office.fetched(self.source, self.target)
        for number, item in self.office.plan(run).items():
            if item["reasons"] == ["other_person"]:  # the old record makes way
                self._renumber(number)
            if item["difference"] != "changed" and TWINS & {*item["reasons"], *item["notes"]}:
                (other,) = item["candidates"]
                words = (
                    "--same-person",
                    f"{number}={other['number']}",
                    "--why",
                    "renumbered by HR",
                )
                assert self.office.ask("sync", run, *words).code == 0
                run = self.office.fetched(self.source, self.target)
        run = self.office.fetched(self.source, self.target)
        result = self.office.ask("sync", run, *self.office.everybody(self.target))
        assert result.code in (0, 1), result.out + result.err
        self.judge()

    def _renumber(self, number: str) -> None:
        key = FIELDS[self.target]["number"]
        (record,) = self.office.system(self.target).find(number)
        identity = next(i for i, r in self.there().items() if r is record)
        self.office.system(self.target).edit(identity, **{key: f"9{number}"})

    def there(self) -> dict[str, Any]:
        """Return the target's records."""
        return self.office.system(self.target).people

    # --- the laws ------------------------------------------------------------------------------

    def judge(self) -> None:
        """Nobody twice, nobody too early or too late, and no record anybody else's."""
        for identity in set(self.there()) - self.known:
            now = read(self.office, self.target, identity)
            (human,) = [h for h in self.humans if not h.gone and h.number == now["number"]]
            assert not human.records, f"{human} was registered twice, after {self.done}"
            hired, left = human.day("hired"), human.day("left")
            assert hired is not None
            assert hired <= self.today + dt.timedelta(days=JOINERS)
            assert left is None or left > self.today
            human.records.add(identity)
        self.known = set(self.there())
        for human in self.humans:
            for identity in human.records:
                now = read(self.office, self.target, identity)
                assert tuple(now[key] for key in OWN) in human.ever, f"{human} is {now}"
                left = now["left"] or None
                assert left is None or now["hired"] <= left, now

    def end(self) -> None:
        """Anyone not as HR has them is named; nobody waits without a word."""
        named = set(self.last["left_for_you"])
        told = [each for each in self.last["notices"] if each["code"] in ABOUT_PEOPLE]
        named |= {number for notice in told for number in notice["about"]}
        plan = self.office.plan(self.last["run"])
        named |= {number for number, item in plan.items() if item["difference"] == "blocked"}
        named |= {n for n, item in plan.items() if "resigned_in_target" in item["notes"]}
        for human in self.humans:
            left = human.day("left")
            (identity,) = human.records or (None,)
            now = read(self.office, self.target, identity) if identity else {}
            if human.employed(self.today):
                # towards SmartHR a date of leaving stays, as every field whose source is empty
                kept = {k for k, v in human.facts.items() if not v and self.target == "smarthr"}
                same = {k for k, v in human.facts.items() if (now.get(k) or "") == v}
                assert set(human.facts) == same | kept or human.number in named, (human, now)
            elif identity and left and not human.gone:
                late = dt.timedelta(days=LEAVERS)
                if self.today - late <= left <= self.today:
                    assert now["left"] == str(left) or human.number in named, (human, now)
        assert self.done.count("joins") > 5
        assert self.done.count("leaves") > 5


# --- what happens in HR -------------------------------------------------------------------------


def joins(it: Life) -> bool:
    """A contract, up to twenty days ahead or late."""
    return bool(it.hires(it.random.randint(-10, 20)))


def leaves(it: Life) -> bool:
    """A resignation that HR hears of early, or late."""
    human = it.someone(lambda h: h.employed(it.today) and not h.facts.get("left"))
    if human is None:
        return False
    return it.leaves_between(human, -40, 20)


def leaves_on_another_day(it: Life) -> bool:
    """The date was a mistake."""
    human = it.someone(lambda h: bool(h.facts.get("left")) and not h.gone)
    if human is None:
        return False
    return it.leaves_between(human, -20, 10)


def stays(it: Life) -> bool:
    """A resignation that was taken back."""
    human = it.someone(lambda h: bool(h.facts.get("left")) and h.employed(it.today))
    return human is not None and it.says(human, left="")


def comes_back(it: Life) -> bool:
    """A leaver of some weeks ago, under the same number."""
    month = dt.timedelta(days=30)
    human = it.someone(lambda h: not h.gone and (h.day("left") or it.today) < it.today - month)
    return human is not None and it.says(human, hired=it.today.isoformat(), left="")


def marries(it: Life) -> bool:
    """Another family name, with its reading."""
    human = it.someone(lambda h: h.employed(it.today))
    if human is None:
        return False
    family, kana = it.random.choice(FAMILIES)
    return it.says(human, family=family, family_kana=kana)


def birth_is_corrected(it: Life) -> bool:
    """One part of the date was a slip."""
    human = it.someone(lambda h: h.employed(it.today))
    if human is None:
        return False
    birth = human.day("birth")
    assert birth is not None
    return it.says(human, birth=birth.replace(day=birth.day % 28 + 1).isoformat())


def is_renumbered(it: Life) -> bool:
    """A new number in HR alone."""
    human = it.someone(lambda h: h.employed(it.today))
    if human is None:
        return False
    human.number = f"{7000 + len(it.done)}"
    it.office.system(it.source).edit(human.id, **{FIELDS[it.source]["number"]: human.number})
    return True


def number_is_used_again(it: Life) -> bool:
    """A leaver is deleted in HR, and the number is given to who comes next."""
    human = it.someone(lambda h: not h.gone and (h.day("left") or it.today) < it.today)
    if human is None or it.random.random() < 0.5:
        return False
    human.gone = True
    it.office.system(it.source).remove(human.id)
    it.hires(it.random.randint(0, 10), human.number)
    return True


EVENTS = (
    joins, joins, joins, leaves, leaves, leaves_on_another_day, stays, comes_back, marries,
    birth_is_corrected, is_renumbered, number_is_used_again,
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_two_months_of_nights(empty: Office, direction: tuple[str, str], seed: int) -> None:
    """Every record stays its person's, everybody is there once, and what is open is named."""
    source, target = direction
    rest = (
        f"mappings: [{{use: smarthr-touchontime, leavers: {{{target}: {LEAVERS}}},"
        f" joiners: {{{target}: {JOINERS}}}}}]\n"
        "settings: {settle_wait_seconds: 0}"
    )
    empty.configure(extra=rest)
    it = Life(empty, source, target, Random(seed))
    for _ in range(40):
        human = it.hires(-400)
        human.records.add(put(empty, target, human.number, human.facts))
    it.known = set(it.there())
    for night in range(NIGHTS):
        it.day()
        it.night()
        if it.random.random() < 0.3:
            it.morning()
        if night % 10 == 0:
            before = len(empty.sent(target))
            it.night()
            assert len(empty.sent(target)) == before, "the second run of a night wrote again"
        it.today += dt.timedelta(days=1)
    it.today -= dt.timedelta(days=1)
    it.morning()
    it.night()
    it.end()
