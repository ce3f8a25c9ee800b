"""Every code of the engine as a sentence in the language of the context, with what to do next.

The engine says *what* in codes (:class:`renkei.model.Remark`); every face says it with these words.
In a template ``{fields}`` is everything the remark speaks of, ``{first}`` and ``{second}`` are its
first parts, ``{rest}`` is all after the first and ``{others}`` all after the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from renkei.i18n import N_, _, label
from renkei.model import Difference, Label, Outcome, Remark, Status, Value
from renkei.printable import printable

_REASONS: Mapping[str, str] = {
    # Why an employee cannot be synced (blocked)
    "created_without_number": N_(
        "The target created this employee but left out the number, so that nobody can find it by"
        " number. Enter the number there by hand, and do not sync this employee again."
    ),
    "no_number": N_("No employee number. Enter one in the source system and fetch again."),
    "duplicate_in_source": N_(
        "The source has this employee number more than once. Correct it there and fetch again."
    ),
    "duplicate_in_target": N_(
        "The target has this employee number more than once. Correct it there and fetch again."
    ),
    "near_number": N_(
        "The target has a number that differs only by width, case, spaces, hyphens or leading zeros"
        " ({fields}). Make the two numbers equal and fetch again."
    ),
    "other_person": N_(
        "The same number belongs to somebody else in the target: family name, given name and birth"
        " date all differ. Correct the number in one of the systems and fetch again."
    ),
    "missing_required": N_(
        "The target needs a value that the source does not have: {fields}."
        " Enter it in the source system and fetch again."
    ),
    "retired_without_date": N_(
        "Retired, but without a date. Enter the date of leaving in the source and fetch again."
    ),
    "unreadable": N_(
        "A value cannot be read: {fields}. Correct it in the system it comes from and fetch again."
    ),
    "not_allowed": N_(
        "The target does not accept this value: {fields}. Correct it in the source and fetch again."
    ),
    "too_long": N_(
        "A value is too long for the target: {fields}. Shorten it in the source and fetch again."
    ),
    "not_in_table": N_(
        "The mapping lists no counterpart for this value: {fields}."
        " Add it to the mapping or correct the source, then fetch again."
    ),
    "wrong_type": N_(
        "A value is of the wrong kind for the target: {fields}."
        " Correct the source or the mapping, then fetch again."
    ),
    "transform_failed": N_(
        "The mapping could not convert a value: {fields}."
        " Correct the source or the mapping, then fetch again."
    ),
    # What to look at before choosing (notes)
    "near_number_too": N_(
        "The target also has a similar number ({fields}). Check that this is the right person."
    ),
    "near_number_in_source": N_(
        "The source also has a similar number ({fields}). Check that this is the right person."
    ),
    "resigned_in_target": N_(
        "Active in the source but already resigned in the target ({first})."
        " A sync makes this person active again: check before choosing."
    ),
    "wanted_missing": N_(
        "Empty, but often needed by the target: {fields}. Depending on its settings the sync may be"
        " refused; then enter the value in the source and fetch again."
    ),
    # About the whole run (notices)
    "left_before_base": N_(
        "{first} employee(s) left on or before the base date and still look active in the target,"
        " so this run does not touch them: {others}. To pass on their dates of leaving, fetch again"
        " with the base date {second}."
    ),
    "left_long_ago": N_(
        "{first} employee(s) left more than three years ago and still look active in the target:"
        " {rest}. No base date lists them: enter their dates of leaving in the target by hand."
    ),
    "substitutes_come_back": N_(
        "{first} is the target, and a setting replaces values there when it is the source (business"
        " names, for example): the replacements come back as the originals. Turn the setting off"
        " unless you want this."
    ),
    "values_of_today": N_(
        "The source gives the values of today; the base date only decides who is listed."
    ),
    "now_ignored": N_(
        "RENKEI_NOW is ignored: it works only if every connection of the command is on this"
        " computer. Remove the variable to get rid of this warning."
    ),
    # Why an employee was not synced, and why a run stopped
    "changed_since_fetch": N_(
        "Changed in the target since the fetch, so not overwritten: {fields}."
        " Fetch again to compare anew."
    ),
    "exists_by_now": N_(
        "Somebody created this number in the target since the fetch. Fetch again to compare."
    ),
    "exists_with_other_values": N_(
        "Exists in the target by now, with other values: {fields}. Fetch again to compare."
    ),
    "gone": N_("No longer in the target. Fetch again to compare anew."),
    "refused": N_(
        "The target refused this employee: {fields}."
        " Correct the value in the source and fetch again."
    ),
    "source_changed": N_(
        "Another run has changed this employee in the source since the fetch. Fetch again."
    ),
    "missing": N_(
        "The target asks for values that are missing: {fields}. Enter them in the source and fetch"
        " again."
    ),
    "not_shown_yet": N_(
        "The target wants further values along with the change, and does not show them before the"
        " first day of work. Fetch again then, or make the change there by hand."
    ),
    "not_stored": N_(
        "The target accepted the change but shows another value than was sent: {fields}. Either the"
        " token may not write it, or the target writes it in its own way. Compare there."
    ),
    "unsendable": N_(
        "A value cannot be sent: {fields}. Correct it in the source and fetch again."
    ),
    "choice_gone": N_(
        "The value chosen for {first} is no longer offered. Choose another one in a new run."
    ),
    "plan_full": N_(
        "The contract of the target allows no further employee."
        " Extend it or free a place, then resume."
    ),
    "access": N_(
        "The system refuses the token, its rights or this address. Correct them, check"
        " the connections, then resume."
    ),
    "right": N_(
        "The token may not do this. Allow it in the token's settings, check the connections,"
        " then resume."
    ),
    "unavailable": N_("The system cannot be reached or is failing. Resume later."),
    "closed": N_("The system takes no calls at this time of day. Resume from {first} (JST) on."),
    "unreachable": N_(
        "The system cannot be reached. Check the network and its address, then resume."
    ),
    "connection": N_("The connection broke. Check the network, then resume."),
    "bad_request": N_("The system did not understand a request. Check base_url, then resume."),
    "timeout": N_("The system did not answer in time. Resume later."),
    "cut_off": N_("The connection broke in the middle of an answer. Resume later."),
    "rate_limit": N_("The system asks for a pause: too many calls. Resume later."),
    "redirect": N_(
        "The system points to another address, which is not followed. Check base_url, then resume."
    ),
    "too_large": N_("The answer is larger than renkei accepts. Check the system, then resume."),
    "web_page": N_(
        "A web page came instead of data. Check base_url and what stands in between, then resume."
    ),
    "not_found": N_("There is nothing at this address. Check base_url, then resume."),
    "maintenance": N_("The system is in maintenance. Resume when it is over."),
    "answer": N_(
        "The system gave an answer that makes no sense. Check it there, then resume;"
        " tell the maker of the connector if it stays."
    ),
    "list_changed": N_("The list of employees kept changing while it was read. Fetch again later."),
    "connector": N_("The connector failed. Tell its maker, and resume when it is corrected."),
    "interrupted": N_("Interrupted before the end. Resume to go on."),
    "in_doubt": N_(
        "Sent, but no answer came: nobody knows yet whether it was accepted. Resume to find out."
    ),
    "stopped": N_("Cancelled by a person. Fetch again to sync the others."),
    "field_unknown": N_(
        "{first}: these fields could not be read and are left alone: {rest}."
        " Give the token the right to read them and fetch again."
    ),
    "unusual_creates": N_(
        "{first} employees would be created;"
        " up to {second} pass without being allowed."
    ),
    "unusual_updates": N_(
        "{first} employees would be updated;"
        " up to {second} pass without being allowed."
    ),
    "unusual_leaving": N_(
        "{first} employees would leave or be retired;"
        " up to {second} pass without being allowed."
    ),
    "unusual_emptied": N_(
        "{first} employees would lose a value ({others});"
        " up to {second} pass without being allowed."
    ),
    "unusual_shrink": N_(
        "The source lists {first} employees; the last time there were {second}."
    ),
    "store_upgraded": N_(
        "The report store was made by an older renkei and has been brought up to date."
        " As it was, it is kept as {first}."
    ),
    "list_empty": N_("{first} has no employees. Check that this is the right system and token."),
    "mapping": N_("The mapping has mistakes. Correct the file and fetch again."),
    "configuration": N_(
        "A setting has to be changed. Correct it, check the connections, then resume."
    ),
    "store": N_("The report store cannot be used. Correct it, then resume."),
    "busy": N_("Another run is writing to the same connection. Resume when it is finished."),
}  # fmt: skip

_ABOUT_A_CONNECTION = frozenset(
    {
        "access",
        "unavailable",
        "maintenance",
        "answer",
        "list_changed",
        "connector",
        "values_of_today",
    }
)

_NAMES_A_CONNECTION = frozenset({"field_unknown", "list_empty", "substitutes_come_back"})
_NAMES_A_DAY = frozenset({"left_before_base"})

_WITHOUT_PARTS: Mapping[str, str] = {
    # The same when a remark that may name fields or times names none
    "changed_since_fetch": N_(
        "Changed in the target since the fetch, so not overwritten. Fetch again to compare anew."
    ),
    "exists_with_other_values": N_(
        "Exists in the target by now, with other values. Fetch again to compare."
    ),
    "refused": N_(
        "The target refused this employee. Correct the values in the source and fetch again."
    ),
    "closed": N_("The system takes no calls at this time of day. Resume later."),
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


def reason_text(
    remark: Remark,
    connection: Callable[[str], str] = str,
    day: Callable[[str], str] = str,
) -> str:
    """
    Return what *remark* says and what to do next; a code nobody knows is shown as it is.

    *connection* and *day* turn the name of a connection and an ISO date into what a face shows.
    """
    template = _template(remark)
    if template is None:
        return printable(
            ": ".join(filter(None, [remark.code.replace("_", " "), _listed(remark.about)]))
        )
    about = remark.about
    if about and remark.code in _ABOUT_A_CONNECTION | _NAMES_A_CONNECTION:
        about = (connection(about[0]), *about[1:])
    if len(about) > 1 and remark.code in _NAMES_A_DAY:
        about = (about[0], day(about[1]), *about[2:])
    text = _(template).format(**_parts(about))
    if about and remark.code in _ABOUT_A_CONNECTION:
        text = f"{about[0]}: {text}"
    return printable(text)


def difference_text(difference: Difference) -> str:
    """Return the word for *difference* that a person reads."""
    return _(_DIFFERENCES[difference])


def outcome_text(outcome: Outcome) -> str:
    """Return the word for *outcome* that a person reads."""
    return _(_OUTCOMES[outcome])


def status_text(status: Status) -> str:
    """Return the word for *status* that a person reads."""
    return _(_STATUSES[status])


def _template(remark: Remark) -> str | None:
    if not remark.about and remark.code in _WITHOUT_PARTS:
        return _WITHOUT_PARTS[remark.code]
    return _REASONS.get(remark.code)


def _parts(about: tuple[str, ...]) -> dict[str, str]:
    """Return what the placeholders of a template stand for; what is missing is a question mark."""
    first, second = (*about, "?", "?")[:2]
    listed = {"fields": about, "rest": about[1:], "others": about[2:]}
    return {"first": first, "second": second} | {k: _listed(v) or "?" for k, v in listed.items()}


def _listed(parts: tuple[str, ...]) -> str:
    return _(", ").join(parts)


def value_text(value: Value) -> str:
    """Return one value as a person reads it; what is empty is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return printable(str(value))
