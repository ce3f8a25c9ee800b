"""renkei connectors: what is installed, and what each can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from attrs import frozen

from renkei.people import FieldSpec
from renkei.words.i18n import N_, _, label
from renkei_runner.app import App
from renkei_runner.cli import command
from renkei_runner.documents import Document, document, field_parts
from renkei_runner.output import emit, next_steps, say, table

if TYPE_CHECKING:
    from renkei.plugins.offline import Installed
    from renkei.plugins.sheet import Promised, Sheet


@frozen
class _Described:
    found: Installed
    fields: tuple[FieldSpec, ...] = ()
    hooks: tuple[str, ...] = ()
    source_only: bool = False
    account_fields: bool = False
    sheet: Sheet | None = None


@command("connectors", help=N_("List the installed connectors with their fields."))
@click.pass_obj
def connectors(app: App) -> None:
    from renkei.plugins import offline

    described = list(map(_described, offline.installed()))
    if app.json:
        emit(document(connectors=[_document(each) for each in described]))
        return
    for each in described:
        _show(each)
    next_steps((app.command("init"), _("write a configuration that uses them")))


def _described(found: Installed) -> _Described:
    from renkei.plugins import offline
    from renkei.plugins.sheet import sheet_of

    if found.problem:
        return _Described(found)
    reader = offline.described(found.name)
    return _Described(
        found,
        reader.fields,
        reader.hooks,
        reader.is_source_only,
        reader.has_more_fields,
        sheet_of(found.name),
    )


def _document(each: _Described) -> Document:
    return {
        "name": each.found.name,
        "version": each.found.version,
        "problem": each.found.problem,
        "hooks": list(each.hooks),
        "source_only": each.source_only,
        "account_fields": each.account_fields,
        "fields": [field_parts(spec) for spec in each.fields],
        "proved": None if each.sheet is None else sheet_document(each.sheet),
    }


def sheet_document(sheet: Sheet) -> Document:
    """Return what was proved, promise by promise."""
    return {
        "version": sheet.version,
        "renkei": sheet.renkei,
        "date": sheet.date.isoformat(),
        "counts": sheet.counts(),
        "promises": [_promise(each) for each in sheet.promises],
    }


def _promise(promise: Promised) -> Document:
    return {
        "name": promise.name,
        "says": promise.says,
        "result": promise.result,
        "tests": list(promise.tests),
        "why": promise.why,
    }


def _show(each: _Described) -> None:
    say(f"{each.found.name} {each.found.version}")
    if each.found.problem:
        say(f"  ! {each.found.problem}")
        return
    say(_("  hooks: {hooks}").format(hooks=_(", ").join(each.hooks)))
    if each.source_only:
        say(_("  a source only: nothing can be written to it"))
    if each.account_fields:
        say(_("  an account may have fields of its own"))
    say(f"  {_proved(each.sheet)}")
    for promised in each.sheet.promises if each.sheet else ():
        if promised.result != "proved" or promised.why:
            say(f"    {promise_text(promised)}")
    rows = list(map(_row, each.fields))
    if rows:
        table((_("field"), _("label"), _("type"), _("role"), _("written"), _("more")), rows)


def _row(spec: FieldSpec) -> tuple[str, ...]:
    writes = {"always": _("always"), "create": _("only when created"), "never": _("never")}
    more = _(", ").join(_about(spec))
    return spec.name, label(spec.label), spec.type, spec.role or "", writes[spec.write], more


def _about(spec: FieldSpec) -> Iterator[str]:
    """Yield what else is to be known of a field."""
    if spec.required:
        yield _("required")
    elif spec.wanted:
        yield _("often required")
    if spec.clearable and spec.write == "always":
        yield _("can be emptied")
    if spec.dated:
        yield _("depends on the day")
    if spec.allowed is not None:
        yield _("only {values}").format(values=" / ".join(spec.allowed))
    if spec.max_length is not None:
        yield _("at most {count} characters").format(count=spec.max_length)


def _proved(sheet: Sheet | None) -> str:
    """Return in one line what the sheet of a connector says."""
    if sheet is None:
        return _("Nothing of what it promises has been proved yet.")
    text = _("promises: {proved} proved, {skipped} skipped, {failed} failed ({date}, {version})")
    date = sheet.date.isoformat()
    return text.format(**sheet.counts(), date=date, version=sheet.version)


def promise_text(promised: Promised) -> str:
    """Return one line of a sheet; the sentences of the kit are translated, those of others not."""
    says = _(promised.says)
    why = promised.why and _(promised.why)
    match promised.result:
        case "proved" if why:
            return _("proved, but for a part: {says} ({why})").format(says=says, why=why)
        case "proved":
            return _("proved: {says}").format(says=says)
        case "skipped":
            return _("skipped: {says} ({why})").format(says=says, why=why)
    return _("FAILED: {says} ({why})").format(says=says, why=why)
