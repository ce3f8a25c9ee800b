"""renkei mapping: check a file, print its schema, explain one employee's difference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.errors import UsageError
from renkei.model import Remark
from renkei.words.codes import remark
from renkei.words.i18n import N_, _, ngettext
from renkei.words.labels import value_text
from renkei.words.sentences import number_text, reason_text
from renkei_runner.app import App
from renkei_runner.cli import argument, group, option
from renkei_runner.documents import Document, document
from renkei_runner.output import emit, next_steps, say, table
from renkei_runner.parameters import NAMED
from renkei_runner.screens import say_item

if TYPE_CHECKING:
    from renkei.mapping import Beyond, FieldMapping
    from renkei.model import Item
    from renkei.people import FieldSpec
    from renkei.runs import Runs, Step
    from renkei.words.labels import Labels


@group("mapping", help=N_("Check or explain mappings."))
@click.pass_context
def mapping(ctx: click.Context) -> None:
    if not ctx.invoked_subcommand:
        raise click.UsageError(_("Missing command."), ctx)


@mapping.command(
    "check", help=N_("Check FILE, a mapping or the name of a built-in one; no network.")
)
@argument("file")
@option("--connection", "named", multiple=True, type=NAMED, metavar="SIDE=NAME",
        help=N_("The connection of a side, with the fields of its account."))  # fmt: skip
@click.pass_obj
def check(app: App, file: str, named: tuple[tuple[str, str], ...]) -> None:
    from renkei.mapping import advice, check_mapping, load_mapping, unchecked
    from renkei.plugins import offline

    known = offline.transforms()
    found = load_mapping(file, Path.cwd(), known, offline.offline_fields, offline.beyond)
    fields: dict[str, Sequence[FieldSpec]] = {}
    beyond: dict[str, Beyond] = {}
    for side, name in found.sides.items():
        fields[side], beyond[side] = offline.offline_fields(name), offline.beyond(name)
    for side, name in named:
        fields[side], beyond[side] = _of_connection(app, found, side, name)
    check_mapping(found, fields, known, beyond)
    told = list(map(str, advice(found.at(fields), fields, known, beyond)))
    for side, names in unchecked(found, fields, beyond).items():
        text = _("not checked, since they are fields of an account: {names}; add {option}")
        told.append(text.format(names=_(", ").join(names), option=f"--connection {side}=NAME"))
    if app.json:
        emit(document(mapping=found.name, ok=True, fields=len(found.pairs), warnings=told))
        return
    good = ngettext(
        "{file} is good: {count} paired field.",
        "{file} is good: {count} paired fields.",
        len(found.pairs),
    )
    say(good.format(file=file, count=len(found.pairs)))
    for text in told:
        say(_("Note: {text}").format(text=text))
    next_steps((app.command("check"), _("try it with your connections")))


def _of_connection(
    app: App, mapping: FieldMapping, side: str, name: str
) -> tuple[tuple[FieldSpec, ...], Beyond]:
    """Return the fields of a connection; UsageError if it cannot be this side of *mapping*."""
    with app.runs() as runs:
        connector, fields, beyond = runs.fields(name)
    if mapping.sides.get(side) != connector:
        message = _("{name} is a connection of {connector}; {side} is no side of that kind.")
        text = message.format(name=name, connector=connector, side=side)
        raise UsageError(text, code="connection", where=name)
    return fields, beyond


@mapping.command("schema", help=N_("Print the JSON Schema of mapping files, for editors."))
def schema() -> None:
    from renkei.mapping import schema as mapping_schema
    from renkei.plugins.offline import transforms

    emit(mapping_schema(transforms()))


@mapping.command("set", help=N_("Turn a SETTING of MAPPING on or off in the configuration file."))
@argument("name", metavar="MAPPING")
@argument("setting")
@argument("value", metavar="on|off", type=click.Choice(["on", "off"]))
@option("--pair", nargs=2, metavar="SOURCE TARGET",
        help=N_("For this pair, if several have the mapping."))  # fmt: skip
@click.pass_obj
def set_setting(
    app: App, *, name: str, setting: str, value: str, pair: tuple[str, str] | None
) -> None:
    with app.runs() as runs:
        runs.change_setting(_place(runs, name, pair), setting, on=value == "on")
    if app.json:
        emit(document(mapping=name, setting=setting, on=value == "on"))
        return
    told = _("on") if value == "on" else _("off")
    text = _("{setting} is {value} from the next fetch on.")
    say(text.format(setting=setting, value=told))


def _place(runs: Runs, name: str, pair: tuple[str, str] | None) -> int:
    """Return the place of the mapping that is meant; UsageError if that is not one."""
    uses = [each.use for each in runs.config.mappings]
    fitting = {place for place, use in enumerate(uses) if use == name}
    if pair is not None:
        fitting &= {each.index for each in runs.pairs() if (each.source, each.target) == pair}
    if len(fitting) != 1:
        message = _("{name} is not one mapping of the configuration. It has: {names}.")
        hint = _("Name one of its pairs with --pair SOURCE TARGET.") if fitting else ""
        text = message.format(name=name, names=_(", ").join(dict.fromkeys(uses)))
        raise UsageError(text, code="mapping", hint=hint)
    return fitting.pop()


@mapping.command("explain", help=N_("Show how the difference of one employee (CODE) came about."))
@argument("run_id", metavar="RUN")
@argument("number", metavar="CODE")
@click.pass_obj
def explain(app: App, run_id: str, number: str) -> None:
    with app.runs() as runs, app.about(runs, run_id):
        labels = runs.labels(run_id, technical=True)
        if (why_not := runs.why_not_listed(run_id, number)) is not None:
            _show_absent(app, run_id, number, why_not, labels)
            return
        item, steps = runs.explain(run_id, number)
    if app.json:
        emit(_document(run_id, item, steps))
    else:
        _show(app, run_id, item, steps, labels)


def _show_absent(app: App, run_id: str, number: str, why_not: Remark, labels: Labels) -> None:
    """Print why somebody is not in the plan."""
    text = reason_text(why_not, labels)
    if app.json:
        reason = {"code": why_not.code, "about": list(why_not.about), "message": text}
        emit(document(run=run_id, number=number, not_listed=reason))
        return
    say(f"{number_text(number)}  {text}")
    next_steps((app.command("plan", run_id), _("look at every difference")))


def _document(run_id: str, item: Item, steps: list[Step]) -> Document:
    return document(
        run=run_id,
        number=item.number,
        difference=item.difference.value,
        steps=list(map(_step_parts, steps)),
    )


def _step_parts(step: Step) -> Document:
    return {
        "line": step.line,
        "source_field": step.source_field,
        "target_field": step.target_field,
        "read": step.read,
        "transform": step.transform,
        "translated": step.translated,
        "compared_with": step.compared_with,
        "verdict": step.verdict,
    }


def verdict_text(step: Step, labels: Labels) -> str:
    """Return in words how a field came out."""
    words = {
        "same": _("same"),
        "differs": _("differs"),
        "new": _("new"),
        "blocked": _("blocked"),
        "kept": _("empty, so left alone"),
        "unknown_in_source": _("unknown in the source"),
        "unknown_in_target": _("unknown in the target"),
        "create_only": _("differs, but cannot be changed"),
        "not_sent": _("differs, but is not sent"),
    }
    if step.verdict in words:
        return words[step.verdict]
    if step.verdict == "not_in_table":
        why_not = remark("not_in_table", field=step.source_field, value=step.read or "")
    else:
        why_not = remark(step.verdict, fields=(step.target_field,))
    return reason_text(why_not, labels)


def _show(app: App, run_id: str, item: Item, steps: list[Step], labels: Labels) -> None:
    say_item(item, labels)
    titles = (
        _("line"), _("source field"), _("read"), _("transform"), _("target field"),
        _("translated"), _("compared with"), _("result"),
    )  # fmt: skip
    rows = [_row(step, labels) for step in steps]
    table(titles, rows, right=(0,))
    next_steps((app.command("plan", run_id), _("look at every difference")))


def _row(step: Step, labels: Labels) -> tuple[str, ...]:
    """Return one step as a line of the table; both sides may have a field of the same name."""
    source, target = (labels.run.source, labels.run.target) if labels.run else (None, None)
    of_source = labels.spec(step.source_field, source)
    of_target = labels.spec(step.target_field, target)
    return (
        str(step.line),
        labels.field(step.source_field, source),
        _value(step.read, of_source),
        step.transform or "",
        labels.field(step.target_field, target),
        _value(step.translated, of_target),
        _value(step.compared_with, of_target),
        verdict_text(step, labels),
    )


def _value(value: str | None, spec: FieldSpec | None) -> str:
    return _("(unknown)") if value is None else value_text(value, spec)
