"""Every code of the engine as a sentence in the language of the context, with what to do next.

The engine says *what* in codes (:class:`renkei.model.Remark`); every face says it with these words.
In a template ``{fields}`` is everything the remark speaks of, ``{first}`` and ``{second}`` are its
first parts, ``{rest}`` is all after the first and ``{others}`` all after the second. ``{source}``
and ``{target}`` are the systems of the run, ``{system}`` is the connection that the remark is
about, and ``{resume}`` what to do then: resume, or fetch again after a fetch that failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from renkei.i18n import N_, _, label, language
from renkei.labels import Labels
from renkei.model import Difference, Label, Outcome, Remark, Status
from renkei.printable import printable

UNKNOWN = Labels()
"""Of a run that nobody can tell."""

_REASONS: Mapping[str, str] = {
    # Why an employee cannot be synced (blocked)
    "created_without_number": N_(
        "{target} created this employee but left out the number, so that nobody can find it by"
        " number. Enter the number there by hand, and do not sync this employee again."
    ),
    "no_number": N_("No employee number. Enter one in {source} and fetch again."),
    "duplicate_in_source": N_(
        "{source} has this employee number more than once. Correct it there and fetch again."
    ),
    "duplicate_in_target": N_(
        "{target} has this employee number more than once. Correct it there and fetch again."
    ),
    "near_number": N_(
        "{target} has a number that differs only by width, case, spaces, hyphens or leading zeros"
        " ({fields}). Make the two numbers equal and fetch again."
    ),
    "other_person": N_(
        "The same number belongs to somebody else in {target}: family name, given name and birth"
        " date all differ. Correct the number in one of the systems and fetch again."
    ),
    "missing_required": N_(
        "{target} needs a value that {source} does not have: {fields}."
        " Enter it in {source} and fetch again."
    ),
    "retired_without_date": N_(
        "Retired, but without a date. Enter the date of leaving in {source} and fetch again."
    ),
    "unreadable": N_(
        "A value cannot be read: {fields}. Correct it in the system it comes from and fetch again."
    ),
    "not_allowed": N_(
        "{target} does not accept this value: {fields}. Correct it in {source} and fetch again."
    ),
    "too_long": N_(
        "A value is too long for {target}: {fields}. Shorten it in {source} and fetch again."
    ),
    "not_in_table": N_(
        "The mapping lists no counterpart for this value: {fields}."
        " Add it to the mapping or correct it in {source}, then fetch again."
    ),
    "wrong_type": N_(
        "A value is of the wrong kind for {target}: {fields}."
        " Correct it in {source} or change the mapping, then fetch again."
    ),
    "transform_failed": N_(
        "The mapping could not convert a value: {fields}."
        " Correct it in {source} or change the mapping, then fetch again."
    ),
    # What to look at before choosing (notes)
    "near_number_too": N_(
        "{target} also has a similar number ({fields}). Check that this is the right person."
    ),
    "near_number_in_source": N_(
        "{source} also has a similar number ({fields}). Check that this is the right person."
    ),
    "resigned_in_target": N_(
        "Active in {source} but already resigned in {target} ({first})."
        " A sync makes this person active again: check before choosing."
    ),
    "wanted_missing": N_(
        "Empty, but often needed by {target}: {fields}. Depending on its settings the sync may be"
        " refused; then enter the value in {source} and fetch again."
    ),
    # About the whole run (notices)
    "left_before_base": N_(
        "Left on or before the base date but still active in {target}: {first} ({others})."
        " This run does not touch them. To pass on their dates of leaving, fetch again with the"
        " base date {second}."
    ),
    "left_long_ago": N_(
        "Left more than three years ago but still active in {target}: {first} ({rest})."
        " No base date lists them: enter their dates of leaving in {target} by hand."
    ),
    "substitutes_come_back": N_(
        "{first} is the target, and a setting replaces values there when it is the source (business"
        " names, for example): the replacements come back as the originals. Turn the setting off"
        " unless you want this."
    ),
    "values_of_today": N_(
        "What is fetched from {system} is as of now; the base date only decides who is listed."
    ),
    "now_ignored": N_(
        "RENKEI_NOW is ignored: it works only if every connection of the command is on this"
        " computer. Remove the variable to get rid of this warning."
    ),
    # Why an employee was not synced, and why a run stopped
    "changed_since_fetch": N_(
        "Changed in {target} since the fetch, so not overwritten: {fields}."
        " Fetch again to compare anew."
    ),
    "exists_by_now": N_(
        "Somebody created this number in {target} since the fetch. Fetch again to compare."
    ),
    "exists_with_other_values": N_(
        "Exists in {target} by now, with other values: {fields}. Fetch again to compare."
    ),
    "gone": N_("No longer in {target}. Fetch again to compare anew."),
    "refused": N_(
        "{target} refused this employee: {fields}."
        " Correct the value in {source} and fetch again."
    ),
    "source_changed": N_(
        "Changed in {source} since the fetch, so the plan does not hold any more. Fetch again."
    ),
    "not_taken": N_(
        "{target} did not take this employee ({fields}), though it answers otherwise. Its own words"
        " stand in the report; correct what they name, then try again."
    ),
    "changed_too": N_(
        "{target} took the change, and shows other values in fields that were not sent, too:"
        " {fields}. Look there who has changed them."
    ),
    "missing": N_(
        "{target} asks for values that are missing: {fields}. Enter them in {source} and fetch"
        " again."
    ),
    "not_shown_yet": N_(
        "{target} wants further values along with the change, and does not show them before the"
        " first day of work. Fetch again then, or make the change there by hand."
    ),
    "not_stored": N_(
        "{target} accepted the change but shows another value than was sent: {fields}. Either the"
        " token may not write it, or the system writes it in its own way. Compare there."
    ),
    "unsendable": N_(
        "A value cannot be sent: {fields}. Correct it in {source} and fetch again."
    ),
    "choice_gone": N_(
        "The value chosen for {first} is no longer offered. Choose another one in a new run."
    ),
    "plan_full": N_(
        "The contract of {target} allows no further employee."
        " Extend it or free a place, then {resume}."
    ),
    "access": N_(
        "{system} refuses the token, its rights or this address. Correct them, check"
        " the connections, then {resume}."
    ),
    "right": N_(
        "The token of {system} may not do this. Allow it in the token's settings, check the"
        " connections, then {resume}."
    ),
    "unavailable": N_("{system} cannot be reached or is failing. {Resume} later."),
    "closed": N_("The system takes no calls at this time of day. {Resume} from {first} (JST) on."),
    "unreachable": N_(
        "{system} cannot be reached. Check the network and its address, then {resume}."
    ),
    "connection": N_("The connection to {system} broke. Check the network, then {resume}."),
    "bad_request": N_("{system} did not understand a request. Check base_url, then {resume}."),
    "timeout": N_("{system} did not answer in time. {Resume} later."),
    "cut_off": N_("The connection to {system} broke in the middle of an answer. {Resume} later."),
    "rate_limit": N_("{system} asks for a pause: too many calls. {Resume} later."),
    "redirect": N_(
        "{system} points to another address, which is not followed. Check base_url, then {resume}."
    ),
    "too_large": N_(
        "The answer of {system} is larger than renkei accepts. Check it there, then {resume}."
    ),
    "web_page": N_(
        "A web page came from {system} instead of data. Check base_url and what stands in between,"
        " then {resume}."
    ),
    "not_found": N_("{system}: there is nothing at this address. Check base_url, then {resume}."),
    "maintenance": N_("{system} is in maintenance. {Resume} when it is over."),
    "answer": N_(
        "{system} gave an answer that makes no sense. Check it there, then {resume};"
        " tell the maker of the connector if it stays."
    ),
    "list_changed": N_(
        "The list of employees of {system} kept changing while it was read. Fetch again later."
    ),
    "connector": N_(
        "The connector of {system} failed. Tell its maker, and {resume} when it is corrected."
    ),
    "interrupted": N_("Interrupted before the end. Resume to go on."),
    "in_doubt": N_(
        "Sent, but no answer came: nobody knows yet whether it was accepted. Resume to find out."
    ),
    "stopped": N_(
        "Stopped. Whoever has been written stays as written; fetch again to sync the others."
    ),
    "field_unknown": N_(
        "{first}: these fields could not be read and are left alone: {rest}."
        " Give the token the right to read them and fetch again."
    ),
    "unusual_creates": N_(
        "New employees: {first} (usually at most {second}). Check that this number is right."
    ),
    "unusual_updates": N_(
        "Employees to update: {first} (usually at most {second})."
        " Check that this number is right."
    ),
    "unusual_leaving": N_(
        "Employees who leave or become retired: {first} (usually at most {second})."
        " Check that this number is right."
    ),
    "unusual_emptied": N_(
        "Employees who lose a value ({others}): {first} (usually at most {second})."
        " Check that this number is right."
    ),
    "unusual_shrink": N_(
        "Employees listed in {source}: {first} (the last time: {second})."
        " Check that nobody is missing."
    ),
    "store_upgraded": N_(
        "The report store was made by an older renkei and has been brought up to date."
        " As it was, it is kept as {first}."
    ),
    "list_empty": N_("{first} has no employees. Check that this is the right system and token."),
    "mapping": N_("The mapping has mistakes. Correct the file and fetch again."),
    "configuration": N_(
        "A setting has to be changed. Correct it, check the connections, then {resume}."
    ),
    "store": N_("The report store cannot be used. Correct it, then {resume}."),
    "busy": N_("Another run is writing to the same connection. {Resume} when it is finished."),
}  # fmt: skip

_WITHOUT_PARTS: Mapping[str, str] = {
    # The same when a remark that may name fields or times names none
    "changed_since_fetch": N_(
        "Changed in {target} since the fetch, so not overwritten. Fetch again to compare anew."
    ),
    "exists_with_other_values": N_(
        "Exists in {target} by now, with other values. Fetch again to compare."
    ),
    "refused": N_(
        "{target} refused this employee. Correct the values in {source} and fetch again."
    ),
    "not_taken": N_(
        "{target} did not take this employee, though it answers otherwise. Look there, then try"
        " again."
    ),
    "not_stored": N_(
        "{target} answered that it has taken this employee, and does not show them. Look there"
        " before you do anything else: they may be there under another number."
    ),
    "closed": N_("The system takes no calls at this time of day. {Resume} later."),
}

_OF_A_FETCH: Mapping[str, str] = {
    # The same when it ended a fetch, of which there is nothing to go on with
    "interrupted": N_("The fetch was interrupted. Fetch again."),
}

_PARTS: Mapping[str, tuple[str, ...]] = {
    # What the parts of a remark are; the last kind is that of all further parts. Else: fields
    "near_number": ("number",),
    "near_number_too": ("number",),
    "near_number_in_source": ("number",),
    "resigned_in_target": ("day",),
    "left_before_base": ("text", "day", "number"),
    "left_long_ago": ("text", "number"),
    "substitutes_come_back": ("connection",),
    "field_unknown": ("connection", "field"),
    "list_empty": ("connection",),
    "unusual_creates": ("text",),
    "unusual_updates": ("text",),
    "unusual_leaving": ("text",),
    "unusual_emptied": ("text", "text", "field"),
    "unusual_shrink": ("text",),
    "closed": ("text",),
    "not_taken": ("text",),
    "store_upgraded": ("text",),
}

_DIFFERENCES = {
    Difference.NEW: N_("new"),
    Difference.CHANGED: N_("changed"),
    Difference.SAME: N_("same"),
    Difference.BLOCKED: N_("blocked"),
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


def codes() -> frozenset[str]:
    """Return every code that has a sentence."""
    return frozenset(_REASONS)


def field_text(name: str, labels: Mapping[str, Label]) -> str:
    """Return a field as people call it, with its name behind it."""
    return f"{label(labels[name])} ({name})" if name in labels else name


def number_text(number: str | None) -> str:
    """Return an employee number in which every blank can be seen: ``0095␣``."""
    return printable("".join("␣" if each.isspace() else each for each in number or ""))


def reason_text(remark: Remark, labels: Labels = UNKNOWN) -> str:
    """
    Return what *remark* says and what to do next; a code nobody knows is shown as it is.

    *labels* has what a face calls the things of the run that the remark belongs to.
    """
    about = tuple(_part_texts(remark, labels))
    template = _template(remark, labels)
    if template is None:
        return printable(": ".join(filter(None, [remark.code.replace("_", " "), _listed(about)])))
    names = {
        "source": labels.source,
        "target": labels.target,
        "system": labels.connection(remark.about[0]) if remark.about else _("the system"),
    }
    resume = _("fetch again") if labels.fetch_failed else _("resume")
    text = _fitted(_(template), names).format(
        **_parts(about), **names, resume=resume, Resume=_capital(resume)
    )
    general = (_("the source"), _("the target"), _("the system"))
    return printable(_capital(text) if text.startswith(general) else text)


def difference_text(difference: Difference) -> str:
    """Return the word for *difference* that a person reads."""
    return _(_DIFFERENCES[difference])


def outcome_text(outcome: Outcome) -> str:
    """Return the word for *outcome* that a person reads."""
    return _(_OUTCOMES[outcome])


def status_text(status: Status) -> str:
    """Return the word for *status* that a person reads."""
    return _(_STATUSES[status])


def _template(remark: Remark, labels: Labels) -> str | None:
    if labels.fetch_failed and remark.code in _OF_A_FETCH:
        return _OF_A_FETCH[remark.code]
    if not remark.about and remark.code in _WITHOUT_PARTS:
        return _WITHOUT_PARTS[remark.code]
    return _REASONS.get(remark.code)


def _part_texts(remark: Remark, labels: Labels) -> Iterator[str]:
    """Yield what *remark* speaks of as people call it."""
    kinds = _PARTS.get(remark.code, ("field",))
    place = remark.about[0] if kinds[0] == "connection" and remark.about else None
    for index, part in enumerate(remark.about):
        match kinds[min(index, len(kinds) - 1)]:
            case "connection":
                yield labels.connection(part)
            case "field":
                yield labels.field(part, place)
            case "day":
                yield _day(part, labels)
            case "number":
                yield number_text(part)
            case _:
                yield part


def _day(part: str, labels: Labels) -> str:
    try:
        return labels.day(dt.date.fromisoformat(part))
    except ValueError:  # of another renkei
        return part


def _fitted(template: str, names: Mapping[str, str]) -> str:
    """Take out the blanks that part a Latin name from Japanese words around a Japanese one."""
    for key, name in names.items() if language() == "ja" else ():
        if not name[-1:].isascii():
            template = template.replace(f"{{{key}}} ", f"{{{key}}}")
        if not name[:1].isascii():
            template = template.replace(f" {{{key}}}", f"{{{key}}}")
    return template


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _parts(about: tuple[str, ...]) -> dict[str, str]:
    """Return what the placeholders of a template stand for; what is missing is a question mark."""
    first, second = (*about, "?", "?")[:2]
    listed = {"fields": about, "rest": about[1:], "others": about[2:]}
    return {"first": first, "second": second} | {k: _listed(v) or "?" for k, v in listed.items()}


def _listed(parts: tuple[str, ...]) -> str:
    return _(", ").join(parts)
