"""Read both sides, compare, store the plan. Nothing in here is able to write to a system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from attrs import evolve, frozen

from renkei.clock import Clock, base_dates
from renkei.errors import Hint, WrongPairError
from renkei.identity.roster import Roster
from renkei.model import HALTS, Alike, Difference, Item, Remark
from renkei.observer import Observer
from renkei.people import FieldSpec
from renkei.plan import estimate
from renkei.plan.compare import Comparison
from renkei.plan.listing import Listing
from renkei.plan.pairing import Pairing
from renkei.plan.reading import (
    REPORT_EVERY,
    Side,
    read_both,
    refuse_unknown_roles,
    stop_if,
)
from renkei.plan.release import Serving
from renkei.plan.unfilled import blocked_if_unfilled, never_filled
from renkei.plan.whole import Whole, misfit
from renkei.plan.whose import Whose
from renkei.plugins.facade import Reader
from renkei.safety import Headcount, Safety, shrinking
from renkei.store.codec import Fields
from renkei.store.plans import Usual
from renkei.store.releases import Kept, Place
from renkei.store.store import Store
from renkei.words.codes import remark
from renkei.words.i18n import _
from renkei.words.sentences import reason_text

LEAVERS, JOINERS = "leavers_listed", "joiners_listed"
"""Notices that tell up to how many days before or after the base date people are listed."""


@frozen(kw_only=True)
class Earlier:
    """
    What people, syncs and fetches have left in the store, all of one moment.

    *said* are all releases. The target has left out the numbers *nameless* of whom it created, and
    was sent those in *created* before, asked where people join later.
    """

    said: Sequence[Kept]
    nameless: frozenset[str]
    created: Mapping[str, dt.date | None]
    usual: Usual


@frozen
class Fetch:
    """
    One fetch: what it reads with, and where the plan goes.

    *interrupted* tells whether it is to stop: it ends then as by Ctrl-C.
    """

    store: Store
    pairing: Pairing
    safety: Safety
    readers: tuple[Reader, Reader]
    places: tuple[Place, Place]
    whose: Whose
    observer: Observer
    clock: Clock
    interrupted: Callable[[], bool]

    def make(self, run_id: int, base: dt.date, today: dt.date) -> None:
        """Read both sides, compare them as of *base* and store the plan of *run_id*."""
        if self.whose.refused is not None:
            raise self.whose.refused
        source, target = self._sides()
        self._tell_estimate()
        # before the first page is asked for: what others write from here on, this plan may not
        # have seen; see docs/decisions/2026-11-22-source-changed.md
        began, journal = self.clock.monotonic(), self.store.journal_now()
        at = self.clock.now()
        rosters = read_both(source, target, base, self.observer, self.interrupted)
        for side, roster in zip((source, target), rosters, strict=True):
            refuse_unknown_roles(side, roster)
        # only now that both are whole: docs/decisions/2026-11-30-compared-at-the-end.md
        earlier = self._earlier(base)
        serving, listing = self._listing(source, target, rosters, base, earlier)
        comparison = listing.comparison
        fields = Fields(*comparison.fields, comparison.copies, self.pairing.said)
        counts, whole = self._add_items(run_id, listing, fields, earlier)
        heads = Headcount(
            listed=listing.employed,
            usual=earlier.usual.listed,
            there=len(rosters[1]),
            usual_there=earlier.usual.there,
        )
        of_whole = whole.numbers_moved(earlier.usual.moved), misfit(listing)
        found = [
            *filter(None, of_whole),
            *self.whose.named,
            *self._about_options(target),
            *outside(rosters),
            *notices(listing, source, target, today),
            *_about("releases_lapsed", serving.lapsed),
            *_about("number_on_roll_too", listing.shadowed),
            *_about("leavers_unsure", listing.unsure),
            *shrinking(self.safety, heads),
        ]
        codes = {notice.code for notice in found}
        # a wrong list must not be what the next one is compared with, or the second night
        # would pass: see docs/decisions/2026-11-22-safety-limits.md
        is_usual = codes.isdisjoint({"unusual_shrink", *HALTS})
        is_usual_there = "unusual_shrink_target" not in codes
        self.store.end_fetch(
            run_id,
            at=at,
            counts=counts,
            notices=found,
            usage={"seconds": self.clock.monotonic() - began, **self._usage()},
            journal=journal,
            fields=fields,
            usual=heads.listed if is_usual else None,
            source_count=heads.listed,
            target_count=heads.there,
            usual_target=heads.there if is_usual_there else None,
            moved=sorted(whole.moved),
            accounts=self.whose.news,
        )

    def _earlier(self, base: dt.date) -> Earlier:
        """Return what there is in the store of before, when both sides are read."""
        source, target = (reader.name for reader in self.readers)
        with self.store.one_moment():
            return Earlier(
                said=self.store.releases(),
                nameless=self.store.accepted(target),
                created=self._created(),
                usual=self.store.usual(source, target, base),
            )

    def _listing(
        self,
        source: Side,
        target: Side,
        rosters: tuple[Roster, Roster],
        base: dt.date,
        earlier: Earlier,
    ) -> tuple[Serving, Listing]:
        """Return what people have said of records that are here now, and who is to be compared."""
        specs = source.specs, target.specs
        serving = Serving(
            store=self.store,
            said=earlier.said,
            places=self.places,
            rosters=rosters,
            evidence=self.pairing.evidence(*specs),
        )
        comparison = self.pairing.comparison(*specs, base, serving.links())
        return serving, Listing(comparison, *rosters, created=earlier.created)

    def _add_items(
        self, run_id: int, listing: Listing, fields: Fields, earlier: Earlier
    ) -> tuple[dict[Difference, int], Whole]:
        """Store the items of the plan; return how many of each, and what they are as a whole."""
        whole = Whole()
        items = map(whole.see, self._items(listing, self.readers[1], earlier.nameless))
        counts = self.store.add_items(run_id, items, fields)
        self._refuse_wrong_pair(whole, earlier.said)
        return counts, whole

    def _usage(self) -> dict[str, dict[str, float]]:
        """Return what the fetch has cost at each connection, as the store keeps it."""
        calls: dict[str, float] = {}
        latency: dict[str, float] = {}
        for reader in self.readers:
            pacer = reader.connection.pacer
            calls[reader.name] = pacer.requests
            latency[reader.name] = pacer.latency_s
        return {"calls": calls, "latency": latency}

    def _items(
        self, listing: Listing, reader: Reader, nameless: frozenset[str]
    ) -> Iterator[Item | Alike]:
        """Yield the plan; who is new is blocked if the target of *reader* could never take them."""

        @cache
        def unfilled() -> tuple[str, ...]:  # asked if anybody is new
            return never_filled(reader.fields, self.pairing, lambda: reader)

        for place, row in enumerate(listing.rows()):
            if place % REPORT_EVERY == 0:
                stop_if(self.interrupted)
            if isinstance(row, Alike):
                yield row
            else:
                yield blocked_if_unfilled(_unless_there(row, nameless), unfilled)

    def _about_options(self, target: Side) -> Iterator[Remark]:
        """Yield what a person should know of how this was fetched."""
        if self.pairing.comes_back:
            yield remark("substitutes_come_back", system=target.reader.name)
        for code, days in ((LEAVERS, self.pairing.leavers), (JOINERS, self.pairing.joiners)):
            if days:
                yield remark(code, days=str(days))

    def _created(self) -> dict[str, dt.date | None]:
        """Return whom the target was sent before, and when; for where people join later."""
        if not self.pairing.joiners:
            return {}
        return self.store.created_in(self.places[1].account)

    def _refuse_wrong_pair(self, whole: Whole, said: Sequence[Kept]) -> None:
        """Raise WrongPairError if most numbers are somebody else's, unless a person has said no."""
        numbers = whole.wrong_pair()
        if not numbers or self._is_right_pair(said):
            return
        source, target = (reader.name for reader in self.readers)
        message = _(
            "{source} and {target} do not seem to be of one company: under most numbers their"
            " people differ in several personal facts ({numbers}, for example). Check both"
            " connections."
        )
        told = message.format(source=source, target=target, numbers=_(", ").join(numbers))
        names = map(reason_text, self.whose.named)
        hint = Hint("right_pair", {"source": source, "target": target})
        raise WrongPairError(" ".join([told, *names]), numbers, hint)

    def _is_right_pair(self, said: Sequence[Kept]) -> bool:
        """Tell whether a person has said of these two accounts that they are of one company."""
        accounts = {place.account for place in self.places}
        for kept in said:
            is_of_pairs = kept.release.said.kind == "right_pair"
            if is_of_pairs and {place.account for place in kept.places} == accounts:
                return True
        return False

    def _sides(self) -> tuple[Side, Side]:
        translation = self.pairing.translation
        reader, reader_there = self.readers
        asked, asked_there = self.pairing.asked(reader.fields, reader_there.fields)
        number, number_there = translation.number_fields
        scope, scope_there = self.pairing.scopes
        source = Side(
            reader=reader,
            fields=asked,
            number_field=number,
            scope=scope,
        )
        target = Side(
            reader=reader_there,
            fields=asked_there,
            number_field=number_there,
            scope=scope_there,
        )
        return source, target

    def _tell_estimate(self) -> None:
        ahead = estimate.of_fetch(self.readers, self.whose.last, self.clock.now())
        self.observer.estimate(ahead)


def notices(listing: Listing, source: Side, target: Side, today: dt.date) -> list[Remark]:
    """Return what a person should know before choosing, beside the items."""
    comparison = listing.comparison
    found = listing.left_behind(base_dates(today)[0])
    if comparison.base != today and _undated(source.specs, comparison):
        found.append(remark("values_of_today", system=source.reader.name))
    joined = {spec.name for spec in source.specs if spec.role == "hired"}
    empty_there = (listing.empty_for_all & joined, listing.overwritten)
    sides = ((source, listing.source), (target, listing.target))
    for (side, roster), unknown, empty in zip(sides, listing.unshown, empty_there, strict=True):
        if unknown:
            found.append(remark("field_unknown", system=side.reader.name, fields=sorted(unknown)))
        if fields := empty - set(unknown):
            found.append(remark("field_empty", system=side.reader.name, fields=sorted(fields)))
        if not (len(roster) or roster.outside):
            found.append(remark("list_empty", system=side.reader.name))
    for (system, name), count in sorted(listing.unseen.items()):
        found.append(remark("partly_compared", system=system, count=str(count), field=name))
    return found


def outside(rosters: tuple[Roster, Roster]) -> Iterator[Remark]:
    """Yield how many of source and target the pair is not for, if there is anybody."""
    ours, theirs = (len(roster.outside) for roster in rosters)
    if ours or theirs:
        yield remark("outside_scope", count=str(ours), there=str(theirs))


def _about(code: str, numbers: Sequence[str]) -> Iterator[Remark]:
    if numbers:
        yield remark(code, numbers=dict.fromkeys(numbers))


def _unless_there(item: Item, nameless: frozenset[str]) -> Item:
    """Return *item*, blocked if the target has them from an earlier sync, without their number."""
    # who is blocked as the same person is new, too: nobody else can have that reason
    others = tuple(reason for reason in item.reasons if reason.code != "same_person")
    is_new = item.difference is Difference.NEW or len(others) < len(item.reasons)
    if not is_new or item.number not in nameless:
        return item
    reasons = (*others, remark("created_without_number"))  # nobody may release them as another
    return evolve(item, difference=Difference.BLOCKED, changes=(), reasons=reasons)


def _undated(specs: Sequence[FieldSpec], comparison: Comparison) -> bool:
    """Tell whether a field that is compared shows today's value, whatever day is asked for."""
    mapped = {row.source for row in comparison.translation.rows}
    for spec in specs:
        is_of_today = spec.name in mapped and not spec.dated
        if is_of_today and spec.role != "number":
            return True
    return False
