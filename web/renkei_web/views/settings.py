"""Connections and mappings: what is set, and whether it works."""

from __future__ import annotations

from attrs import frozen
from starlette.responses import Response

from renkei.config import MappingUse
from renkei.errors import RenkeiError
from renkei.mapping import FieldMapping, Transforms
from renkei.mapping import Pair as Fields
from renkei.people import Label
from renkei.runs import Pair, Runs
from renkei.words.i18n import _, label
from renkei.words.sentences import field_text
from renkei_web.templates import name_text
from renkei_web.views.fetching import changed_account
from renkei_web.visit import Visit


@frozen
class Switch:
    """A setting of a mapping: its name, what people call it, and whether it is on."""

    name: str
    label: str
    on: bool


@frozen
class Use:
    """A mapping as the settings show it; *pair* is whom it is for, None if for nobody."""

    name: str
    pair: Pair | None
    switches: list[Switch]
    problem: str | None


def show(visit: Visit) -> Response:
    """Show the settings; nothing is asked of a system until somebody wants to know."""
    with visit.runs() as runs:
        pairs = {pair.index: pair for pair in reversed(runs.pairs())}  # the first direction
        uses: list[Use] = []
        for index, each in enumerate(runs.config.mappings):
            switches, problem = _switches(runs, each)
            uses.append(Use(each.use, pairs.get(index), switches, problem))
        accounts = runs.known_accounts()
        return visit.show("settings.html", config=runs.config, uses=uses, accounts=accounts)


def accept_account(visit: Visit) -> Response:
    """Keep that the account which a connection opens is the right one: the one that was shown."""
    with visit.runs() as runs:
        runs.accept_account(visit.path("connection"), seen=visit.field("account"))
    return visit.go("/settings")


def change_setting(visit: Visit) -> Response:
    """Turn a setting of a mapping on or off; the next fetch heeds it."""
    index = int(visit.path("index"))
    with visit.runs() as runs:
        if index >= len(runs.config.mappings):
            return visit.show("lost.html", status=404)
        runs.change_setting(index, visit.field("name"), on=visit.field("on") == "true")
    return visit.go("/settings")


def _switches(runs: Runs, use: MappingUse) -> tuple[list[Switch], str | None]:
    """Return the settings of a mapping, or what is wrong with it."""
    try:
        mapping, _fields = runs.mapping(use.use)
        on = mapping.switches(use.settings)
    except RenkeiError as error:
        return [], error.message
    found: list[Switch] = []
    for name, each in mapping.settings.items():
        found.append(Switch(name, label(each.label), on[name]))
    return found, None


def check(visit: Visit) -> Response:
    """Try connections, mappings and the clock, and tell everything that was found out."""
    with visit.runs() as runs:
        at, checked = visit.health.check(runs, anew=True)
    changed = {each.subject: changed_account(each.error) for each in checked}
    return visit.show("checked.html", at=at, checked=checked, changed=changed)


def mapping(visit: Visit) -> Response:
    """Show one mapping as a table."""
    with visit.runs() as runs:
        uses = runs.config.mappings
        index = int(visit.path("index"))
        if index >= len(uses):
            return visit.show("lost.html", status=404)
        use = uses[index]
        mapping, fields = runs.mapping(use.use)
        transforms = runs.transforms
    first, second = mapping.sides
    labels: dict[str, dict[str, Label]] = {}
    for side, specs in fields.items():
        labels[side] = {spec.name: spec.label for spec in specs}
    rows = []
    for pair in mapping.pairs:
        left = field_text(pair.pair[0], labels[first])
        right = field_text(pair.pair[1], labels[second])
        how = _how(visit, mapping, pair, transforms)
        how += _instead(visit, mapping, use, pair, labels)
        rows.append({"left": left, "right": right, "how": how})
    return visit.show(
        "mapping.html",
        use=use,
        sides=[visit.label(side) for side in mapping.sides],
        rows=rows,
    )


def _instead(
    visit: Visit,
    mapping: FieldMapping,
    use: MappingUse,
    pair: Fields,
    labels: dict[str, dict[str, Label]],
) -> list[str]:
    """Return which other fields take the place of those of one pair, in sentences."""
    on = mapping.switches(use.settings)
    text = _("from {side}: where “{filled}” is filled in, “{other}” is used instead of “{name}”")
    found = []
    for side, name in zip(mapping.sides, pair.pair, strict=True):
        for each in mapping.substitutes_of(side):
            is_on = each.when is None or on[each.when]
            if name not in each.fields or not is_on:
                continue
            sentence = text.format(
                side=visit.label(side),
                filled=name_text(each.if_filled, labels[side]),
                other=name_text(each.fields[name], labels[side]),
                name=name_text(name, labels[side]),
            )
            found.append(sentence)
    return found


def _how(visit: Visit, mapping: FieldMapping, pair: Fields, transforms: Transforms) -> list[str]:
    """Return what is special about one pair, in words."""
    parts = []
    if pair.only:
        parts.append(_("only towards {side}").format(side=visit.label(pair.only)))
    if pair.equal:
        parts.append(_("hiragana and katakana are equal"))
    if pair.values:
        values = [f"{ours} = {theirs}" for ours, theirs in pair.values.items()]
        parts.append(_(", ").join(values))
    for name, towards in pair.to.items():
        side = visit.label(name)
        if towards.transform:
            text = _("towards {side}: {transform}")
            how = label(transforms[towards.transform].label)
            parts.append(text.format(side=side, transform=how))
        if towards.empty == "clear":
            text = _("where it is empty in {source}, it is emptied in {target}")
            source = visit.label(mapping.other(name))
            parts.append(text.format(source=source, target=side))
    return parts
