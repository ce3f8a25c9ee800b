"""Laws: whatever is written is there or was refused, and two lists that agree stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from renkei.config.load import load_config
from renkei.connector import FieldSpec, RecordError, Value
from renkei.model import Difference, Run, Selection
from renkei.runs import Runs
from renkei.testing.kit.promise import NOTHING_CHANGES, promise
from renkei.testing.kit.tenant import Tenant
from renkei.testing.memory import MemoryConnector, MemorySystem, installed
from renkei.testing.opening import NAME
from renkei.words.i18n import N_

NO_TEXT = N_("No field that can be changed takes any text.")
EVERYDAY = frozenset({"left", "hired", "number", "retired"})
IDENTITY = frozenset({"family_name", "given_name", "family_kana", "given_kana", "birth", "gender"})
PEOPLE = 5

_LETTERS = st.sampled_from("髙﨑𠮷辻󠄀々ーヴヷｶﾞがか゛éßĲ①㈱〜−Ａa0 '\"\\/<&;%=,😀\x85\u2028")
"""What is spelt, quoted or cut in more than one way; the last two end a line for some."""
_LAW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class LawChecks:
    """What holds for any text, any row of updates, and any two lists."""

    @promise(N_("Any text is stored as it was sent, or refused."))
    def test_any_text_is_stored_or_refused(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        free = [spec for spec in tenant.changeable.values() if _takes_any_text(spec)]
        if not free:
            pytest.skip(NO_TEXT)
        name, longest = free[0].name, min(free[0].max_length or 8, 8)
        [identity] = tenant.people(1)
        held = {"value": tenant.look()[identity].values.get(name)}

        @_LAW
        @example("a\u2028b\x85c"[:longest])
        @given(st.text(_LETTERS, min_size=1, max_size=longest).filter(lambda text: text.strip()))
        def law(text: str) -> None:
            try:
                tenant.update(identity, {name: text})
            except RecordError:
                tenant.asserted += 1
            else:
                held["value"] = text
            shown = tenant.look()[identity].values
            tenant.alike(shown, {name: held["value"]}, f"after {text!r} was sent")

        law()

    @promise(N_("After any row of updates everybody has what was sent last."))
    def test_any_row_of_updates_adds_up(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        if not (names := list(tenant.changeable)):
            pytest.skip(NOTHING_CHANGES)
        ids = tenant.people(2)
        step = st.tuples(st.sampled_from(range(2)), st.sampled_from(names), st.booleans())

        @settings(_LAW, max_examples=6)
        @given(st.lists(step, min_size=2, max_size=6))
        def law(steps: list[tuple[int, str, bool]]) -> None:
            wanted = {i: dict(person.values) for i, person in tenant.look().items()}
            for i, name, again in steps:
                sample = tenant.author.sample(i)[name]
                value = tenant.author.other(name, i) if again or sample is None else sample
                tenant.update(ids[i], {name: value})
                wanted[ids[i]][name] = value
            writable = tenant.writable
            for identity, person in tenant.look().items():
                last = wanted[identity]
                sent = {name: last[name] for name in last if name in writable}
                tenant.alike(person.values, sent, f"{identity} after {len(steps)} updates")

        law()

    @promise(N_("Once everybody has been synced, a second fetch finds nothing to do."))
    def test_a_second_fetch_finds_nothing(
        self, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with _pair(tenant, tmp_path, monkeypatch) as pair:
            pair.synced("memory", NAME)
            pair.agree("memory", NAME)
            pair.edit()
            pair.synced("memory", NAME)
            pair.agree("memory", NAME)

    @promise(N_("Synced there and back, nothing has changed on either side."))
    def test_there_and_back_changes_nothing(
        self, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with _pair(tenant, tmp_path, monkeypatch) as pair:
            pair.synced("memory", NAME)
            before, writes = tenant.values(), len(pair.memory.writes)
            pair.agree(NAME, "memory")
            pair.synced(NAME, "memory", some=False)
            tenant.same(pair.memory.writes[writes:], [], "what the way back has written")
            pair.synced("memory", NAME, some=False)
            tenant.same(tenant.values(), before, "everybody, there and back")


def _takes_any_text(spec: FieldSpec) -> bool:
    return spec.type == "text" and spec.allowed is None and spec.role != "email"


@frozen
class _Pair:
    """The connector and a system in memory with the same fields, and renkei between them."""

    tenant: Tenant
    memory: MemorySystem
    runs: Runs

    def fill(self) -> None:
        """Put some people into memory."""
        names = [spec.name for spec in self.memory.specs]
        for i in range(PEOPLE):
            values: dict[str, Value] = dict.fromkeys(names)
            values.update(self.tenant.author.sample(i))
            self.memory.add(**values)

    def edit(self) -> None:
        """Change in memory what does not tell who somebody is."""
        author = self.tenant.author
        telling = EVERYDAY | IDENTITY
        changeable = self.tenant.changeable
        plain = [name for name, spec in changeable.items() if spec.role not in telling]
        for i, person in enumerate(list(self.memory.people)):
            changes: dict[str, Value] = {name: author.other(name, i) for name in plain}
            self.memory.edit(person, **changes)

    def synced(self, source: str, target: str, *, some: bool = True) -> None:
        """Fetch, and sync everybody who is new or has changed."""
        run = self._fetched(source, target)
        if not some:
            return
        if not (run.counts.get(Difference.NEW) or run.counts.get(Difference.CHANGED)):
            return
        chosen = Selection(differences=frozenset({Difference.NEW, Difference.CHANGED}))
        self.runs.choose(run.id, chosen)
        done = self.runs.sync(run.id, allow_unusual=True)
        counts = done.outcomes or {}
        outcomes = {outcome.value: count for outcome, count in counts.items() if count}
        well = {"created", "updated", "unchanged", "not_selected"}
        self.tenant.holds(set(outcomes) <= well, f"outcomes of the sync to {target}: {outcomes}")

    def agree(self, source: str, target: str) -> None:
        """Fail the check if a fetch finds anything to do."""
        counts = self._fetched(source, target).counts
        told = {each.value: counts.get(each, 0) for each in Difference}
        self.tenant.holds(told["same"], f"nobody is compared from {source} to {target}: {told}")
        wanted = {**told, "new": 0, "changed": 0, "blocked": 0}
        self.tenant.same(told, wanted, f"what a fetch from {source} to {target} finds")

    def _fetched(self, source: str, target: str) -> Run:
        run = self.runs.fetch(source, target)
        return self.runs.run(run.id)


@contextmanager
def _pair(tenant: Tenant, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[_Pair]:
    """Open renkei between the connector and a system in memory that has some people."""
    tenant.needs_writes()
    # The system in memory has no choices to offer, and what is promised has to be kept.
    specs = tuple(evolve(spec, offered=False) for spec in tenant.writable.values())
    memory = MemorySystem(specs)
    patch.setenv("RENKEI_KIT_TOKEN", tenant.token)
    if (clock := tenant.author.settings(tenant.url).get("clock")) is not None:
        patch.setenv("RENKEI_NOW", clock.now().isoformat())
    (folder / "pair.yaml").write_text(json.dumps(_mapping(tenant)), encoding="utf-8")
    (folder / "renkei.yaml").write_text(json.dumps(_configuration(tenant)), encoding="utf-8")
    factories = {"memory": lambda _: MemoryConnector(memory), NAME: tenant.author.factory}
    with installed(**factories), Runs(load_config(folder / "renkei.yaml")) as runs:
        pair = _Pair(tenant, memory, runs)
        pair.fill()
        yield pair


def _mapping(tenant: Tenant) -> dict[str, Any]:
    """Return a mapping of every writable field, in both directions."""
    clear = {"memory": {"empty": "clear"}, NAME: {"empty": "clear"}}
    number_first = sorted(tenant.writable.values(), key=lambda spec: spec.role != "number")
    pairs = []
    for spec in number_first:
        pair: dict[str, Any] = {"pair": [spec.name, spec.name]}
        if spec.clearable and not spec.required and spec.write == "always":
            pair["to"] = clear
        pairs.append(pair)
    return {"sides": ["memory", NAME], "fields": pairs}


def _configuration(tenant: Tenant) -> dict[str, Any]:
    """Return a configuration with both connections; what is unusual elsewhere is usual here."""
    free = {"people": "100000", "percent": "100"}
    kinds = ("creates", "updates", "leaving", "returning", "emptied", "shrink")
    shared = {"token": "env:RENKEI_KIT_TOKEN", "safety": dict.fromkeys(kinds, free)}
    nowhere = "http://127.0.0.1:1"  # the file has to name an address, and none is asked
    address = nowhere if tenant.proxy is None else tenant.proxy.url
    options = tenant.author.settings(tenant.url).get("options", {})
    return {
        "connections": {
            "memory": {"connector": "memory", "base_url": nowhere, **shared},
            NAME: {
                "connector": NAME,
                "base_url": address,
                "closed_hours": [],
                "limits": [],
                "options": dict(options),
                **shared,
            },
        },
        "mappings": [{"use": "./pair.yaml"}],
        "settings": {"settle_wait_seconds": "0"},
    }
