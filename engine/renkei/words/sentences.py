"""Every code of the engine as a sentence in the language of the context, with what to do next.

The engine says *what* in codes (:class:`renkei.model.Remark`); every face says it with these words.
In a template ``{fields}`` is everything the remark speaks of, ``{first}`` to ``{sixth}`` are its
parts, ``{rest}`` is all after the first, ``{others}`` all after the second and ``{more}`` all after
the third. What stands in ``[…]`` is left out where the remark does not have its parts. ``{source}``
and ``{target}`` are the systems of the run, ``{system}`` is the connection that the remark is
about, and ``{resume}`` what to do then: resume, or whatever else a run in its status allows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from renkei.model import NUMBERLESS, Difference, Outcome, Released, Remark, Status, Try
from renkei.people import Label
from renkei.words.i18n import N_, _, label, language
from renkei.words.labels import Labels, value_text
from renkei.words.printable import one_line, printable

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")

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
        "[ ({fields})]. Make the two numbers equal and fetch again."
    ),
    "other_person": N_(
        "By their personal facts it is not certain that this employee and the one of this number in"
        " {target} are one person[; the name and date of birth are at {fields} there]. If the"
        " number was used again or mistyped, correct it and fetch again; if both are one person,"
        " say so for this employee alone."
    ),
    "same_person": N_(
        "{target} has what seems to be this person already: {fields}. Nobody is created before you"
        " have said whether they are the same person."
    ),
    "rehire_incomplete": N_(
        "Joins again after the date of leaving in {target}, which cannot be emptied with this"
        " mapping[: {fields}]. Empty it in {target} by hand and fetch again."
    ),
    "missing_required": N_(
        "{target} needs a value that {source} does not have[: {fields}]."
        " Enter it in {source} and fetch again."
    ),
    "nothing_fills": N_(
        "{target} needs a value for a new employee that no pair of the mapping fills and that"
        " cannot be chosen[: {fields}]. Add a pair for it to the mapping and fetch again."
    ),
    "retired_without_date": N_(
        "Retired, but without a date. Enter the date of leaving in {source} and fetch again."
    ),
    "unreadable": N_(
        "A value in {system} makes no sense[: {rest}]. Correct it in {system} and fetch again."
    ),
    "not_allowed": N_(
        "{target} does not accept a value[: {fields}]. Correct it in {source} and fetch again."
    ),
    "too_long": N_(
        "A value is too long for {target}[: {fields}]. Shorten it in {source} and fetch again."
    ),
    "not_in_table": N_(
        "The mapping lists no counterpart for a value of {source}[: {first}][ “{second}”]."
        " Add it to the mapping or correct it in {source}, then fetch again."
    ),
    "wrong_type": N_(
        "A value is of the wrong kind for {target}[: {fields}]."
        " Correct it in {source} or change the mapping, then fetch again."
    ),
    "transform_failed": N_(
        "The mapping could not convert a value[: {fields}]."
        " Correct it in {source} or change the mapping, then fetch again."
    ),
    # What to look at before choosing (notes)
    "identity_changed": N_(
        "The personal facts differ so that it is not certain that this is still the same person."
        " Check first."
    ),
    "name_order": N_(
        "Family name and given name are ordered or divided in another way in {target}. Check that"
        " this is the same person."
    ),
    "rehire": N_(
        "Seems to be hired again; had left {target} before: {fields}. Chosen as they are,"
        " they are registered as somebody new, without the paid leave and the working hours held"
        " there. Said to be the same person, the old record goes on with both; years of service"
        " may count from the new date of joining."
    ),
    "maybe_same_person": N_(
        "{target} has somebody of this name: {fields}. Check that this is not the same person."
    ),
    "maybe_rehire": N_(
        "Somebody of this name had left {target} before: {fields}. Check whether this person is"
        " hired again."
    ),
    "mail_taken": N_("{target} has this e-mail address already: {fields}. It may be refused."),
    "linked": N_(
        "Taken as the same person as {fields} of {target}; the number there stays as it is."
    ),
    "near_number_too": N_(
        "{target} also has a similar number[ ({fields})]. Check that this is the right person."
    ),
    "near_number_in_source": N_(
        "{source} also has a similar number[ ({fields})]. Check that this is the right person."
    ),
    "first_of_several": N_(
        "{source} has several values[: {fields}]. Only the first one is compared and sent."
    ),
    "others_stay": N_(
        "{target} has several values[: {fields}]. Only the one shown here is replaced; the others"
        " stay."
    ),
    "not_emptied": N_(
        "Empty in {source}, but {target} has several values[: {fields}]. None of them is emptied,"
        " since nobody can tell which one was meant: remove it in {target} by hand."
    ),
    "resigned_in_target": N_(
        "Active in {source} but already resigned in {target}[ ({first})]."
        " Check before choosing."
    ),
    "wanted_missing": N_(
        "Empty, but often needed by {target}[: {fields}]. Depending on its settings the sync may be"
        " refused; then enter the value in {source} and fetch again."
    ),
    # About the whole run (notices)
    "left_before_base": N_(
        "Left on or before the base date but still active in {target}: {first}[ ({others})]."
        " This run does not touch them. To pass on their dates of leaving, fetch again with the"
        " base date {second}."
    ),
    "left_long_ago": N_(
        "Left more than three years ago but still active in {target}: {first}[ ({rest})]."
        " No base date lists them: enter their dates of leaving in {target} by hand."
    ),
    "account_named": N_("First fetch of this pair: {first} is the account “{second}”."),
    "numbers_moved": N_(
        "Numbers seem to have moved: under {first} of them, {target} has somebody with other"
        " personal facts by now[: {rest}]. Nothing of this plan is sent unless you allow it."
    ),
    "numbers_do_not_fit": N_(
        "The two systems seem to number people in different ways: {first} new employees have the"
        " names of people in {target}, such as {rest}. Nothing of this plan is sent unless you"
        " allow it."
    ),
    "wrong_pair": N_(
        "The two lists do not seem to be of one company: under most numbers their people differ in"
        " several personal facts[: {fields}]. Check both connections; if they are right, fetch"
        " again and say so, with a reason."
    ),
    "leavers_listed": N_(
        "Also listed, for their date of leaving alone: people who left up to {first} days before"
        " the base date."
    ),
    "joiners_listed": N_(
        "Also listed, if they are new: people who join up to {first} days after the base date."
    ),
    "number_on_roll_too": N_(
        "Not listed as leaving or joining, since somebody else carries the number: {fields}."
    ),
    "leavers_unsure": N_(
        "Left, but the date is not passed on, since it is not certain who they are in {target}:"
        " {fields}. Fetch with a base date before they left, and look at both."
    ),
    "left_by_then": N_(
        "Not listed: left {source} on {first}. Listed are those who are employed on the base date,"
        " {second}; the day of leaving counts as gone."
    ),
    "not_hired_by_then": N_(
        "Not listed: joins {source} on {first}, after the base date, {second}."
    ),
    "listed_by_now": N_(
        "Not listed at the fetch, but would be now: {source} has changed since. Fetch again."
    ),
    "releases_lapsed": N_(
        "Released before, but a record has changed since, so they are judged anew: {fields}."
    ),
    "substitutes_come_back": N_(
        "{first} is the target, and a setting replaces values there when it is the source (business"
        " names, for example): a replacement that has been changed in {source} comes back as the"
        " original. Turn the setting off unless you want this."
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
        "Changed in {target} since the fetch, so not overwritten[: {fields}]."
        " Fetch again to compare anew."
    ),
    "exists_by_now": N_(
        "Somebody created this number in {target} since the fetch. Fetch again to compare."
    ),
    "exists_with_other_values": N_(
        "Exists in {target} by now, with other values[: {fields}]. Fetch again to compare."
    ),
    "gone": N_("No longer in {target}. Fetch again to compare anew."),
    "refused": N_(
        "{target} refused this employee[: {fields}]."
        " Correct the value in {source} and fetch again."
    ),
    "source_changed": N_(
        "Changed in {source} since the fetch, so the plan does not hold any more. Fetch again."
    ),
    "not_taken": N_(
        "{target} did not take this employee, though it answers otherwise. Its own"
        " words stand in the report: correct what they name, then try again."
    ),
    "changed_too": N_(
        "{target} took the change, and shows other values in fields that were not sent, too:"
        " {fields}. Look there who has changed them."
    ),
    "missing": N_(
        "{target} asks for values that are missing[: {fields}]. Enter them in {source} and fetch"
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
        "A value cannot be sent[: {fields}]. Correct it in {source} and fetch again."
    ),
    "choice_gone": N_(
        "The value chosen[ for {first}] is no longer offered. Choose another one in a new run."
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
    "closed": N_(
        "The system takes no calls at this time of day. {Resume} later[, from {first} (JST) on]."
    ),
    "unreachable": N_(
        "{system} cannot be reached. Check the network and its address, then {resume}."
    ),
    "unknown_host": N_(
        "No address is known for the host of {system}. Check base_url, the network and the name"
        " servers, then {resume}."
    ),
    "port_refused": N_(
        "The host of {system} refuses the connection. Check the port in base_url, and whether the"
        " system runs, then {resume}."
    ),
    "certificate_authority": N_(
        "The certificate of {system} is of an authority that is not known here. If it is your"
        " company's, name it with ca_file; if not, ask who runs your network. Then {resume}."
    ),
    "certificate_expired": N_(
        "The certificate of {system} has expired, or is not valid yet. Check the clock of this"
        " computer and tell who runs the system, then {resume}."
    ),
    "certificate_name": N_(
        "The certificate of {system} is for another host. Check base_url and ask who runs your"
        " network, then {resume}."
    ),
    "certificate": N_(
        "The certificate of {system} is not accepted. Check base_url and ask who runs your"
        " network, then {resume}."
    ),
    "proxy_unreachable": N_(
        "The proxy on the way to {system} cannot be reached. Check proxy in the configuration and"
        " the network, then {resume}."
    ),
    "proxy_certificate": N_(
        "The certificate of the proxy on the way to {system} is not accepted. Name its authority"
        " with ca_file, then {resume}."
    ),
    "proxy_password": N_(
        "The proxy on the way to {system} asks for a user name and a password, or does not take"
        " those it was given. Correct them in the environment variable that proxy names, then"
        " {resume}."
    ),
    "proxy_refused": N_(
        "The proxy does not let requests through to {system}. Ask who runs it to allow them, then"
        " {resume}."
    ),
    "proxy_failed": N_(
        "The proxy finds no way to {system}, or is in trouble. Check proxy in the configuration"
        " and base_url, then {resume}."
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
    "interrupted": N_("Interrupted before the end. {Resume} to go on."),
    "in_doubt": N_(
        "Sent, but nobody knows yet whether it was accepted. Resume to find out."
    ),
    "stopped": N_(
        "Stopped. Whoever has been written stays as written; fetch again to sync the others."
    ),
    "field_unknown": N_(
        "{first}: these fields could not be read and are left alone[: {rest}]."
        " Give the token the right to read them and fetch again."
    ),
    "unusual_creates": N_(
        "New employees: {first} (usually at most {second} a day)[, {third} of them in earlier syncs"
        " of today]. Check that this number is right."
    ),
    "first_registration": N_(
        "New employees: {first} (usually at most {second} a day)[, {third} of them in earlier syncs"
        " of today]. Hardly anybody of {source} is in {target} yet, so this looks like the first"
        " registration. If it is, allow it; if not, check that this is the right system."
    ),
    "unusual_updates": N_(
        "Employees to update: {first} (usually at most {second} a day)[, {third} of them in earlier"
        " syncs of today]. Check that this number is right."
    ),
    "unusual_leaving": N_(
        "Employees who leave or become retired: {first} (usually at most {second} a day)[, {third}"
        " of them in earlier syncs of today]. Check that this number is right."
    ),
    "unusual_returning": N_(
        "Employees who come back, whose leaving is taken away: {first} (usually at most {second} a"
        " day)[, {third} of them in earlier syncs of today]. Check that this number is right."
    ),
    "unusual_emptied": N_(
        "Employees who lose a value[ ({more})]: {first} (usually at most {second} a day)[, {third}"
        " of them in earlier syncs of today]. Check that this number is right."
    ),
    "over_expected": N_(
        "More than announced: {first}, {second} from {third} to {fourth} ({fifth}). With this sync"
        " it would be {sixth}. If that is right, allow it or correct the announcement."
    ),
    "expected_intake": N_(
        "Over the usual limit, and announced in the configuration: {first}, at most {second} from"
        " {third} to {fourth} ({fifth})."
    ),
    "unusual_shrink": N_(
        "Employees listed in {source}: {first} (the last time: {second})."
        " Check that nobody is missing."
    ),
    "unusual_shrink_target": N_(
        "Employees found in {target}: {first} (the last time: {second}). Check that it is the right"
        " system and that nobody is missing there."
    ),
    "store_upgraded": N_(
        "The report store was made by an older renkei and has been brought up to date."
        " As it was, it is kept as {first}."
    ),
    "store_made": N_("A new report store was made at {first}."),
    "no_store": N_("There is no store at {first}, so no runs are known."),
    "not_compacted": N_(
        "There was no room to write {first} anew, so remains of the removed values may still be in"
        " it. Make room on the disk, then purge again."
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
    # Another sentence when a remark that may name fields names none
    "rehire": N_(
        "Hired again under the same number. The old record of {target} goes on, with its working"
        " hours and paid leave; years of service may count from the new date of joining: check them"
        " there."
    ),
    "not_stored": N_(
        "{target} answered that it has taken this employee, and does not show them. Look there"
        " before you do anything else: they may be there under another number."
    ),
}

_OF_OTHERS: Mapping[str, str] = {
    # The same said of a whole run, or of somebody else: it names the numbers of those it is about
    "created_without_number": N_(
        "{target} created {rest} but left out the number, so that nobody can find them by number."
        " Nobody else is created in this run. Enter the number there by hand, and do not sync"
        " {rest} again."
    ),
}

_OF_A_FETCH: Mapping[str, str] = {
    # The same when it ended a fetch, of which there is nothing to go on with
    "interrupted": N_("The fetch was interrupted. Fetch again."),
}

_PARTS: Mapping[str, tuple[str, ...]] = {
    # What the parts of a remark are; the last kind is that of all further parts. Else: fields
    "created_without_number": ("field", "number"),
    "unreadable": ("connection", "field"),
    "not_in_table": ("source field", "value"),
    "first_of_several": ("source field",),
    "account_named": ("connection", "text"),
    "numbers_moved": ("text", "number"),
    "numbers_do_not_fit": ("text",),
    "wrong_pair": ("number",),
    "releases_lapsed": ("number",),
    "left_by_then": ("day",),
    "not_hired_by_then": ("day",),
    "number_on_roll_too": ("number",),
    "leavers_unsure": ("number",),
    "leavers_listed": ("text",),
    "joiners_listed": ("text",),
    "near_number": ("number",),
    "other_person": ("number",),
    "same_person": ("number",),
    "rehire": ("number",),
    "maybe_same_person": ("number",),
    "maybe_rehire": ("number",),
    "mail_taken": ("number",),
    "linked": ("number",),
    "name_order": ("text",),
    "near_number_too": ("number",),
    "near_number_in_source": ("number",),
    "resigned_in_target": ("day",),
    "left_before_base": ("text", "day", "number"),
    "left_long_ago": ("text", "number"),
    "substitutes_come_back": ("connection",),
    "field_unknown": ("connection", "field"),
    "list_empty": ("connection",),
    "unusual_creates": ("text",),
    "first_registration": ("text",),
    "unusual_updates": ("text",),
    "unusual_leaving": ("text",),
    "unusual_returning": ("text",),
    "unusual_emptied": ("text", "text", "text", "field"),
    "over_expected": ("kind", "text", "day", "day", "text", "text"),
    "expected_intake": ("kind", "text", "day", "day", "text"),
    "unusual_shrink": ("text",),
    "unusual_shrink_target": ("text",),
    "closed": ("text",),
    "not_taken": ("text",),
    "store_upgraded": ("text",),
    "store_made": ("text",),
    "no_store": ("text",),
    "not_compacted": ("text",),
}

_DIFFERENCES = {
    Difference.NEW: N_("new"),
    Difference.CHANGED: N_("changed"),
    Difference.SAME: N_("same"),
    Difference.BLOCKED: N_("blocked"),
}

_KINDS = {
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
    resume = _go_on(labels)
    parts = _parts(about)
    text = _fitted(_without_gaps(_(template), parts), names).format(
        **{key: part or "-" for key, part in parts.items()},
        **names,
        resume=resume,
        Resume=_capital(resume),
    )
    general = (_("the source"), _("the target"), _("the system"))
    return printable(_capital(text) if text.startswith(general) else text)


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
    if status is Status.DONE_WITH_ERRORS:
        return _("try again") if "retry" in labels.possible else _("fetch again")
    gone = status is Status.PAUSED and "resume" not in labels.possible
    return _("fetch again") if gone else _("resume")


def _template(remark: Remark, labels: Labels) -> str | None:
    if labels.fetch_failed and remark.code in _OF_A_FETCH:
        return _OF_A_FETCH[remark.code]
    if len(remark.about) > 1 and remark.code in _OF_OTHERS:
        return _OF_OTHERS[remark.code]
    if not remark.about and remark.code in _WITHOUT_PARTS:
        return _WITHOUT_PARTS[remark.code]
    return _REASONS.get(remark.code)


def _part_texts(remark: Remark, labels: Labels) -> Iterator[str]:
    """Yield what *remark* speaks of as people call it."""
    kinds = _PARTS.get(remark.code, ("field",))
    place = remark.about[0] if kinds[0] == "connection" and remark.about else None
    source = labels.run.source if labels.run else None
    for index, part in enumerate(remark.about):
        match kinds[min(index, len(kinds) - 1)]:
            case "connection":
                yield labels.connection(part)
            case "field":
                yield labels.field(part, place)
            case "source field":
                yield labels.field(part, source)
            case "value":
                yield value_text(part, labels.spec(remark.about[0], source))
            case "day":
                yield _day(part, labels)
            case "number" if part.startswith(NUMBERLESS):
                count = part.removeprefix(NUMBERLESS)
                yield _("{count} without a number").format(count=count)
            case "number":
                yield number_text(part)
            case "kind":
                yield _(_KINDS.get(part, part))
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


def _without_gaps(template: str, parts: Mapping[str, str]) -> str:
    """Leave out what stands in […] with a part that is missing, and the brackets elsewhere."""

    def kept(optional: re.Match[str]) -> str:
        missing = any(f"{{{key}}}" in optional[1] for key, part in parts.items() if not part)
        return "" if missing else optional[1]

    return _OPTIONAL.sub(kept, template)


def _parts(about: tuple[str, ...]) -> dict[str, str]:
    """Return what the placeholders of a template stand for; what is missing is empty."""
    ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")
    listed = {"fields": about, "rest": about[1:], "others": about[2:], "more": about[3:]}
    single = dict(zip_longest(ordinals, about[: len(ordinals)], fillvalue=""))
    return single | {key: _listed(parts) for key, parts in listed.items()}


def _listed(parts: tuple[str, ...]) -> str:
    return _(", ").join(parts)
