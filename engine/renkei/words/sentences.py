"""Every code of the engine as a sentence in the language of the context, with what to do next.

The engine says *what* in codes (:mod:`renkei.words.codes`); every face says it with these words.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from renkei.model import NUMBERLESS, Difference, Outcome, Released, Remark, Status, Try
from renkei.people import Customer, Label
from renkei.words.codes import TABLE, PartKind, Words, code_of, parts_of
from renkei.words.i18n import N_, _, label, language
from renkei.words.labels import Labels, value_text
from renkei.words.printable import one_line, printable

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")

SHOWN = 3
"""How many ids of one account are shown."""

UNKNOWN = Labels()
"""Of a run that nobody can tell."""

_DIFFERENCES = {
    Difference.NEW: N_("new"),
    Difference.CHANGED: N_("changed"),
    Difference.SAME: N_("same"),
    Difference.BLOCKED: N_("blocked"),
}

_CHANGES = {
    # Changes that a limit counts
    "creates": N_("new employees"),
    "updates": N_("employees to update"),
    "leaving": N_("employees who leave"),
    "returning": N_("employees who come back"),
}

_OUTCOMES = {
    Outcome.CREATED: N_("created"),
    Outcome.UPDATED: N_("updated"),
    Outcome.UNCHANGED: N_("unchanged"),
    Outcome.NOT_SELECTED: N_("not selected"),
    Outcome.FAILED: N_("failed"),
    Outcome.UNKNOWN: N_("in doubt"),
    Outcome.DEFERRED: N_("deferred"),
}

_STATUSES = {
    Status.FETCHING: N_("fetching"),
    Status.READY: N_("ready to sync"),
    Status.SYNCING: N_("syncing"),
    Status.PAUSED: N_("paused"),
    Status.DONE: N_("done"),
    Status.DONE_WITH_ERRORS: N_("done with errors"),
    Status.FAILED: N_("fetch failed"),
    Status.CANCELLED: N_("cancelled"),
    Status.EXPIRED: N_("expired"),
}


def field_text(name: str, labels: Mapping[str, Label]) -> str:
    """Return a field as people call it, with its name behind it."""
    return f"{label(labels[name])} ({name})" if name in labels else name


def number_text(number: str | None) -> str:
    """Return an employee number in which every blank can be seen: ``0095␣``."""
    shown = ["␣" if each.isspace() else each for each in number or ""]
    return printable("".join(shown))


def reason_text(remark: Remark, labels: Labels = UNKNOWN) -> str:
    """
    Return what *remark* says and what to do next; a code nobody knows is shown as it is.

    *labels* has what a face calls the things of the run that the remark belongs to.
    """
    parts = dict(_part_texts(remark, labels))
    if remark.code not in TABLE:
        plain = remark.code.replace("_", " ")
        return printable(": ".join(filter(None, [plain, parts["fields"]])))
    text = filled(_sentences(_words(remark, labels)), parts, labels)
    # A system that a person has named keeps its small letter at the beginning of a sentence.
    general = (_("the source"), _("the target"), _("the system"))
    return printable(_capital(text) if text.startswith(general) else text)


def filled(template: str, parts: Mapping[str, str], labels: Labels) -> str:
    """Return *template* with its parts, of which some may be empty, and the words of the run."""
    resume = _go_on(labels)
    systems = {
        "source": labels.source,
        "target": labels.target,
        "system": parts.get("system") or _("the system"),
    }
    text = _fitted(_without_gaps(template, parts), systems)
    shown = {name: part or "-" for name, part in parts.items()} | systems
    return text.format(**shown, resume=resume, Resume=_capital(resume))


def difference_text(difference: Difference) -> str:
    """Return the word for *difference* that a person reads."""
    return _(_DIFFERENCES[difference])


def outcome_text(outcome: Outcome) -> str:
    """Return the word for *outcome* that a person reads."""
    return _(_OUTCOMES[outcome])


def words_text(detail: str) -> str:
    """Return what a system said of an employee, on one line."""
    return _("The system says: {words}").format(words=printable(one_line(detail)))


def try_text(before: Try, labels: Labels = UNKNOWN) -> str:
    """Return on one line what became of an employee before they were tried again, and why."""
    parts = [_("An earlier try: {outcome}.").format(outcome=outcome_text(before.outcome))]
    if before.reason is not None:
        parts.append(reason_text(before.reason, labels))
    if before.detail:
        parts.append(words_text(before.detail))
    return " ".join(parts)


def released_text(said: Released) -> str:
    """Return what a person has released, who that was and why."""
    kinds = {
        "same_person": _("The same person as {others}"),
        "as_new": _("Not the same person as {others}"),
        "right_pair": _("The two lists are of one company"),
    }
    others = _listed(tuple(map(number_text, said.others)))
    text = kinds[said.kind].format(others=others)
    return printable(
        _("{text}: {why} ({who})").format(text=text, why=one_line(said.why), who=said.who)
    )


def status_text(status: Status) -> str:
    """Return the word for *status* that a person reads."""
    return _(_STATUSES[status])


def _go_on(labels: Labels) -> str:
    """Return what a person does next with the run, among what is possible."""
    status = labels.run and labels.run.status
    if status in (Status.DONE, Status.FAILED, Status.CANCELLED, Status.EXPIRED):
        return _("fetch again")
    anew = "fetch" in labels.possible  # not while a company is paused: it waits for that alone
    if status is Status.DONE_WITH_ERRORS:
        gone = anew and "retry" not in labels.possible
        return _("fetch again") if gone else _("try again")
    gone = anew and status is Status.PAUSED and "resume" not in labels.possible
    return _("fetch again") if gone else _("resume")


def _words(remark: Remark, labels: Labels) -> Words:
    """Return the words of *remark* that fit where it is said."""
    code = TABLE[remark.code]
    if labels.fetch_failed and code.of_a_fetch:
        return code.of_a_fetch
    if code.of_others and parts_of(remark)["numbers"]:
        return code.of_others
    if code.bare and not remark.about:
        return code.bare
    return code.words


def _sentences(words: Words) -> str:
    """Return what is said and what to do; Japanese puts no blank between sentences."""
    says, todo = _(words.says), _(words.todo) if words.todo else ""
    return says + todo if language() == "ja" else f"{says} {todo}".rstrip()


def _part_texts(remark: Remark, labels: Labels) -> Iterator[tuple[str, str]]:
    """Yield what *remark* speaks of as people call it, by the names of the parts."""
    found = parts_of(remark)
    for part in code_of(remark.code).parts:
        values = (_part_text(part.kind, value, found, labels) for value in found[part.name])
        yield part.name, _listed(values)


def _part_text(
    kind: PartKind, value: str, found: Mapping[str, tuple[str, ...]], labels: Labels
) -> str:
    """Return one part as people call it; *found* tells what it belongs to."""
    source = labels.run.source if labels.run else None
    match kind:
        case PartKind.CONNECTION:
            return labels.connection(value)
        case PartKind.FIELD:
            return labels.field(value, *found.get("system", ()))
        case PartKind.SOURCE_FIELD:
            return labels.field(value, source)
        case PartKind.VALUE:
            return value_text(value, labels.spec("".join(found["field"]), source))
        case PartKind.DAY:
            return _day(value, labels)
        case PartKind.NUMBER if value.startswith(NUMBERLESS):
            return _("{count} without a number").format(count=value.removeprefix(NUMBERLESS))
        case PartKind.NUMBER:
            return number_text(value)
        case PartKind.CHANGE:
            return _(_CHANGES.get(value, value))
        case PartKind.TEXT | PartKind.TYPED:
            return value


def _day(part: str, labels: Labels) -> str:
    try:
        return labels.day(dt.date.fromisoformat(part))
    except ValueError:  # of another renkei
        return part


def _fitted(template: str, names: Mapping[str, str]) -> str:
    """Take out the blanks that part a Latin name from Japanese words around a Japanese one."""
    if language() != "ja":
        return template
    for key, name in names.items():
        if not name[-1:].isascii():
            template = template.replace(f"{{{key}}} ", f"{{{key}}}")
        if not name[:1].isascii():
            template = template.replace(f" {{{key}}}", f"{{{key}}}")
    return template


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_gaps(template: str, parts: Mapping[str, str]) -> str:
    """Leave out what stands in […] with a part that is missing, and the brackets elsewhere."""
    missing = [f"{{{name}}}" for name, part in parts.items() if not part]

    def kept(optional: re.Match[str]) -> str:
        is_incomplete = any(each in optional[1] for each in missing)
        return "" if is_incomplete else optional[1]

    return _OPTIONAL.sub(kept, template)


def _listed(parts: Iterable[str]) -> str:
    return _(", ").join(parts)


def customer_text(customer: Customer) -> str:
    """Return whose account it is, as its system tells: the name, and the ids behind it."""
    if not customer.is_told:
        return _("the system does not tell")
    name = _("“{name}”").format(name=customer.name) if customer.name else ""
    numbers, ids = _first(customer.corporate_numbers), _first(customer.ids)
    more: list[str] = []
    if numbers:
        more.append(_("corporate number {number}").format(number=numbers))
    if ids:
        more.append(_("id {id}").format(id=ids))
    behind = _(" ({more})").format(more=_(", ").join(more)) if more else ""
    return one_line(name + behind)


def _first(texts: Sequence[str]) -> str:
    """Return the first of *texts* in a row, and a sign for further ones."""
    return ", ".join(texts[:SHOWN]) + (" …" if len(texts) > SHOWN else "")
