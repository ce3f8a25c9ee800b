"""What there is to say of one employee: why they are blocked, what to look at, why they failed."""

from __future__ import annotations

from renkei.words.codes.code import (
    BLOCKED,
    CONNECTION,
    DAY,
    END,
    FIELD,
    FIELDS,
    NOTE,
    NUMBER,
    NUMBERS,
    OUTCOME,
    SOURCE_FIELD,
    SYSTEM,
    VALUE,
    Code,
    Words,
    many,
    one,
)
from renkei.words.i18n import N_

CODES = (
    Code(
        "created_without_number",
        (OUTCOME, BLOCKED, END),
        parts=(
            one("field", FIELD),
            many("numbers", NUMBER),
        ),
        error="RecordError",
        says=N_(
            "{target} created this employee but left out the number, so that nobody can find it by"
            " number."
        ),
        todo=N_("Enter the number in {target} by hand, and do not sync this employee again."),
        of_others=Words(
            says=N_(
                "{target} created {numbers} but left out the number, so that nobody can find them"
                " by number. Nobody else is created in this run."
            ),
            todo=N_("Enter the number in {target} by hand, and do not sync {numbers} again."),
        ),
    ),
    Code(
        "no_number",
        (BLOCKED,),
        says=N_("No employee number."),
        todo=N_("Enter one in {source} and fetch again."),
    ),
    Code(
        "duplicate_in_source",
        (BLOCKED,),
        says=N_("{source} has this employee number more than once."),
        todo=N_("Correct it in {source} and fetch again."),
    ),
    Code(
        "duplicate_in_target",
        (BLOCKED,),
        says=N_("{target} has this employee number more than once."),
        todo=N_("Correct it in {target} and fetch again."),
    ),
    Code(
        "near_number",
        (BLOCKED,),
        parts=NUMBERS,
        says=N_(
            "{target} has a number that differs only by width, case, spaces, hyphens or leading"
            " zeros[ ({numbers})]."
        ),
        todo=N_(
            "If both are one person, make the two numbers equal; if not, register this employee by"
            " hand. Then fetch again."
        ),
    ),
    Code(
        "number_taken",
        (BLOCKED, OUTCOME),
        parts=NUMBERS,
        says=N_(
            "In {target} this number belongs to somebody outside of the scope (who:)[: {numbers}]."
        ),
        todo=N_(
            "Give one of the two another number, or change who: in the configuration; then fetch"
            " again."
        ),
    ),
    Code(
        "scope_unknown",
        (BLOCKED, OUTCOME),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_(
            "It cannot be told whether they are inside of the scope (who:): {system} does not show"
            " a value that decides it[: {fields}]."
        ),
        todo=N_(
            "Give the token the right to read it, or correct it in {system}; then fetch again."
        ),
    ),
    Code(
        "not_in_scope",
        (BLOCKED,),
        parts=FIELDS,
        says=N_("After a sync they would be outside of the scope in {target} (who:)[: {fields}]."),
        todo=N_(
            "Correct the value in {source}, change them in {target} by hand, or change who: in the"
            " configuration; then fetch again."
        ),
    ),
    Code(
        "moved_outside",
        (OUTCOME,),
        says=N_("By now they are outside of the scope in {target} (who:), so nothing was written."),
        todo=N_("If they belong inside, correct that in {target} and fetch again."),
    ),
    Code(
        "other_person",
        (BLOCKED,),
        parts=NUMBERS,
        says=N_(
            "By their personal facts it is not certain that this employee and the one of this"
            " number in {target} are one person[; the name and date of birth are at {numbers}"
            " there]."
        ),
        todo=N_(
            "If the number was used again or mistyped, correct it and fetch again; if both are one"
            " person, say so for this employee alone."
        ),
    ),
    Code(
        "same_person",
        (BLOCKED,),
        parts=NUMBERS,
        says=N_("{target} has what seems to be this person already: {numbers}."),
        todo=N_("Nobody is created before you have said whether they are the same person."),
    ),
    Code(
        "linked_twice",
        (BLOCKED,),
        parts=NUMBERS,
        says=N_(
            "A person has said that the same record of {target} is this employee and {numbers}."
        ),
        todo=N_("Take one of the two releases back and fetch again."),
    ),
    Code(
        "rehire_incomplete",
        (BLOCKED,),
        parts=FIELDS,
        says=N_(
            "Joins again after the date of leaving in {target}, which cannot be emptied with this"
            " mapping[: {fields}]."
        ),
        todo=N_("Empty it in {target} by hand and fetch again."),
    ),
    Code(
        "missing_required",
        (BLOCKED,),
        parts=FIELDS,
        says=N_("{target} needs a value that {source} does not have[: {fields}]."),
        todo=N_("Enter it in {source} and fetch again."),
    ),
    Code(
        "nothing_fills",
        (BLOCKED,),
        parts=FIELDS,
        says=N_(
            "{target} needs a value for a new employee that no pair of the mapping fills and that"
            " cannot be chosen[: {fields}]."
        ),
        todo=N_("Add a pair for it to the mapping and fetch again."),
    ),
    Code(
        "retired_without_date",
        (BLOCKED,),
        says=N_("Retired, but without a date."),
        todo=N_("Enter the date of leaving in {source} and fetch again."),
    ),
    Code(
        "unreadable",
        (BLOCKED,),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_("A value in {system} makes no sense[: {fields}]."),
        todo=N_("Correct it in {system} and fetch again."),
    ),
    Code(
        "looks_like_my_number",
        (BLOCKED,),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_(
            "A value in {system} looks like a My Number[: {fields}]. It was neither kept nor shown."
        ),
        todo=N_("Remove it from {system} and fetch again."),
    ),
    Code(
        "not_allowed",
        (BLOCKED,),
        parts=FIELDS,
        error="RecordError",
        says=N_("{target} does not accept a value[: {fields}]."),
        todo=N_("Correct it in {source} and fetch again."),
    ),
    Code(
        "too_long",
        (BLOCKED,),
        parts=FIELDS,
        error="RecordError",
        says=N_("A value is too long for {target}[: {fields}]."),
        todo=N_("Shorten it in {source} and fetch again."),
    ),
    Code(
        "not_in_encoding",
        (BLOCKED,),
        parts=FIELDS,
        error="RecordError",
        says=N_("A value has a character that the file of {target} cannot hold[: {fields}]."),
        todo=N_(
            "Spell it otherwise in {source}, or save the file as UTF-8 if its other readers take"
            " that; then fetch again."
        ),
    ),
    Code(
        "not_in_table",
        (BLOCKED,),
        parts=(
            one("field", SOURCE_FIELD),
            one("value", VALUE),
        ),
        says=N_("The mapping lists no counterpart for a value of {source}[: {field}][ “{value}”]."),
        todo=N_("Add it to the mapping or correct it in {source}, then fetch again."),
    ),
    Code(
        "wrong_type",
        (BLOCKED,),
        parts=FIELDS,
        error="RecordError",
        says=N_("A value is of the wrong kind for {target}[: {fields}]."),
        todo=N_("Correct it in {source} or change the mapping, then fetch again."),
    ),
    Code(
        "transform_failed",
        (BLOCKED,),
        parts=FIELDS,
        says=N_("The mapping could not convert a value[: {fields}]."),
        todo=N_("Correct it in {source} or change the mapping, then fetch again."),
    ),
    Code(
        "identity_changed",
        (NOTE,),
        look_first=True,
        says=N_(
            "The personal facts differ so that it is not certain that this is still the same"
            " person."
        ),
        todo=N_("Check first."),
    ),
    Code(
        "name_order",
        (NOTE,),
        parts=(many("same"),),
        says=N_("Family name and given name are ordered or divided in another way in {target}."),
        todo=N_("Check that this is the same person."),
    ),
    Code(
        "rehire",
        (NOTE,),
        parts=NUMBERS,
        look_first=True,
        says=N_("Seems to be hired again; had left {target} before: {numbers}."),
        todo=N_(
            "Chosen as they are, they are registered as somebody new, without the paid leave and"
            " the working hours held there. Said to be the same person, the old record goes on with"
            " both; years of service may count from the new date of joining."
        ),
        bare=Words(
            says=N_("Hired again under the same number."),
            todo=N_(
                "The old record of {target} goes on, with its working hours and paid leave; years"
                " of service may count from the new date of joining: check them there."
            ),
        ),
    ),
    Code(
        "maybe_same_person",
        (NOTE,),
        parts=NUMBERS,
        look_first=True,
        says=N_("{target} has somebody of this name: {numbers}."),
        todo=N_("Check that this is not the same person."),
    ),
    Code(
        "maybe_rehire",
        (NOTE,),
        parts=NUMBERS,
        look_first=True,
        says=N_("Somebody of this name had left {target} before: {numbers}."),
        todo=N_("Check whether this person is hired again."),
    ),
    Code(
        "mail_taken",
        (NOTE,),
        parts=NUMBERS,
        says=N_("{target} has this e-mail address already: {numbers}. It may be refused."),
    ),
    Code(
        "linked",
        (NOTE,),
        parts=NUMBERS,
        says=N_(
            "Taken as the same person as {numbers} of {target}; the number there stays as it is."
        ),
    ),
    Code(
        "registered_ahead",
        (NOTE,),
        says=N_("Registered in {target} before the day of joining, and employed from now on."),
    ),
    Code(
        "near_number_too",
        (NOTE,),
        parts=NUMBERS,
        says=N_("{target} also has a similar number[ ({numbers})]."),
        todo=N_("Check that this is the right person."),
    ),
    Code(
        "near_number_in_source",
        (NOTE,),
        parts=NUMBERS,
        says=N_("{source} also has a similar number[ ({numbers})]."),
        todo=N_("Check that this is the right person."),
    ),
    Code(
        "first_of_several",
        (NOTE,),
        parts=(many("fields", SOURCE_FIELD),),
        says=N_(
            "{source} has several values[: {fields}]. Only the first one is compared and sent."
        ),
    ),
    Code(
        "others_stay",
        (NOTE,),
        parts=FIELDS,
        says=N_(
            "{target} has several values[: {fields}]. Only the one shown here is replaced; the"
            " others stay."
        ),
    ),
    Code(
        "not_emptied",
        (NOTE,),
        parts=FIELDS,
        says=N_("Empty in {source}, but {target} has several values[: {fields}]."),
        todo=N_(
            "None of them is emptied, since nobody can tell which one was meant: remove it in"
            " {target} by hand."
        ),
    ),
    Code(
        "empty_for_all",
        (NOTE,),
        parts=(many("fields", SOURCE_FIELD),),
        look_first=True,
        says=N_("Nobody in {source} has a value here, so it may be hidden, not empty[: {fields}]."),
        todo=N_(
            "Look in {source}. If it is filled in there, give the token the right to read it and"
            " fetch again."
        ),
    ),
    Code(
        "not_compared",
        (NOTE,),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_(
            "{system} does not show these fields of this employee, so they are not compared[:"
            " {fields}]."
        ),
        todo=N_(
            "Look at them in {system}: what is empty there may be left out, and has to be filled"
            " by hand."
        ),
    ),
    Code(
        "resigned_in_target",
        (NOTE,),
        parts=(one("day", DAY),),
        look_first=True,
        says=N_("Active in {source} but already resigned in {target}[ ({day})]."),
        todo=N_("Check before choosing."),
    ),
    Code(
        "wanted_missing",
        (NOTE,),
        parts=FIELDS,
        says=N_("Empty, but often needed by {target}[: {fields}]."),
        todo=N_(
            "Depending on the settings of {target} the sync may be refused; then enter the value in"
            " {source} and fetch again."
        ),
    ),
    Code(
        "changed_since_fetch",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_("Changed in {target} since the fetch, so not overwritten[: {fields}]."),
        todo=N_("Fetch again to compare anew."),
    ),
    Code(
        "exists_by_now",
        (OUTCOME,),
        error="RecordError",
        says=N_("Somebody created this number in {target} since the fetch."),
        todo=N_("Fetch again to compare."),
    ),
    Code(
        "exists_with_other_values",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_("Exists in {target} by now, with other values[: {fields}]."),
        todo=N_("Fetch again to compare."),
    ),
    Code(
        "gone",
        (OUTCOME,),
        error="RecordError",
        says=N_("No longer in {target}."),
        todo=N_("Fetch again to compare anew."),
    ),
    Code(
        "refused",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_("{target} refused this employee[: {fields}]."),
        todo=N_("Correct the value in {source} and fetch again."),
    ),
    Code(
        "source_changed",
        (OUTCOME,),
        error="RecordError",
        says=N_("Changed in {source} since the fetch, so the plan does not hold any more."),
        todo=N_("Fetch again."),
    ),
    Code(
        "not_taken",
        (OUTCOME,),
        parts=(one("cause"),),
        error="RecordError",
        says=N_("{target} did not take this employee, though it answers otherwise."),
        todo=N_(
            "The words of {target} stand in the report: correct what they name, then try again."
        ),
    ),
    Code(
        "changed_too",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_(
            "{target} took the change, and shows other values in fields that were not sent, too:"
            " {fields}."
        ),
        todo=N_("Look in {target} who has changed them."),
    ),
    Code(
        "missing",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_("{target} asks for values that are missing[: {fields}]."),
        todo=N_("Enter them in {source} and fetch again."),
    ),
    Code(
        "not_shown_yet",
        (OUTCOME,),
        error="RecordError",
        says=N_(
            "{target} wants further values along with the change, and does not show them before"
            " the first day of work."
        ),
        todo=N_("Fetch again then, or make the change in {target} by hand."),
    ),
    Code(
        "not_stored",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_(
            "{target} accepted the change but shows another value than was sent: {fields}. Either"
            " the token may not write it, or the system writes it in its own way."
        ),
        todo=N_("Compare in {target}."),
        bare=Words(
            says=N_("{target} answered that it has taken this employee, and does not show them."),
            todo=N_(
                "Look in {target} before you do anything else: they may be there under another"
                " number."
            ),
        ),
    ),
    Code(
        "unsendable",
        (OUTCOME,),
        parts=FIELDS,
        error="RecordError",
        says=N_("A value cannot be sent[: {fields}]."),
        todo=N_("Correct it in {source} and fetch again."),
    ),
    Code(
        "choice_gone",
        (OUTCOME,),
        parts=(one("field", FIELD),),
        error="RecordError",
        says=N_("The value chosen[ for {field}] is no longer offered."),
        todo=N_("Choose another one in a new run."),
    ),
    Code(
        "plan_full",
        (OUTCOME, END),
        parts=SYSTEM,
        error="ContractFullError",
        says=N_("The contract of {target} allows no further employee."),
        todo=N_("Extend it or free a place, then {resume}."),
    ),
)
