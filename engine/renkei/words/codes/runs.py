"""What there is to say of a whole run: notices, and what is over a safety limit."""

from __future__ import annotations

from renkei.words.codes.code import (
    CHANGE,
    CONNECTION,
    DAY,
    END,
    FIELD,
    LIMIT,
    NOTICE,
    NUMBER,
    NUMBERS,
    SOURCE_FIELD,
    SYSTEM,
    TYPED,
    Code,
    many,
    one,
)
from renkei.words.i18n import N_

OVER = (one("count"), one("limit"), one("earlier"))
"""How many there are, how many pass, and how many of them were in earlier syncs of the day."""

CODES = (
    Code(
        "left_before_base",
        (NOTICE,),
        parts=(
            one("count"),
            one("day", DAY),
            many("numbers", NUMBER),
        ),
        says=N_(
            "Left on or before the base date but still active in {target}: {count}[ ({numbers})]."
            " This run does not touch them."
        ),
        todo=N_("To pass on their dates of leaving, fetch again with the base date {day}."),
    ),
    Code(
        "left_long_ago",
        (NOTICE,),
        parts=(
            one("count"),
            many("numbers", NUMBER),
        ),
        says=N_(
            "Left more than three years ago but still active in {target}: {count}[ ({numbers})]."
        ),
        todo=N_("No base date lists them: enter their dates of leaving in {target} by hand."),
    ),
    Code(
        "left_but_active",
        (NOTICE,),
        parts=(
            one("count"),
            one("days"),
            many("numbers", NUMBER),
        ),
        says=N_(
            "Left on or before the base date but still active in {target}: {count}[ ({numbers})]."
            " This run does not touch them."
        ),
        todo=N_(
            "To set them inactive, fetch again with more days for leavers ({days}), or give the"
            " pair more days in the configuration; those who left more than a year ago are set"
            " inactive in {target} by hand."
        ),
    ),
    Code(
        "account_named",
        (NOTICE,),
        parts=(
            one("system", CONNECTION),
            one("name"),
        ),
        says=N_("First fetch of this pair: {system} is the account “{name}”."),
    ),
    Code(
        "numbers_moved",
        (NOTICE,),
        parts=(
            one("count"),
            many("numbers", NUMBER),
        ),
        says=N_(
            "Numbers seem to have moved: under {count} of them, {target} has somebody with other"
            " personal facts by now[: {numbers}]."
        ),
        todo=N_("Nothing of this plan is sent unless you allow it."),
    ),
    Code(
        "numbers_do_not_fit",
        (NOTICE,),
        parts=(
            one("count"),
            many("examples"),
        ),
        says=N_(
            "The two systems seem to number people in different ways: {count} new employees have"
            " the names of people in {target}, such as {examples}."
        ),
        todo=N_("Nothing of this plan is sent unless you allow it."),
    ),
    Code(
        "wrong_pair",
        (NOTICE, END),
        parts=NUMBERS,
        says=N_(
            "The two lists do not seem to be of one company: under most numbers their people"
            " differ in several personal facts[: {numbers}]."
        ),
        todo=N_(
            "Check both connections; if they are right, fetch again and say so, with a reason."
        ),
    ),
    Code(
        "leavers_listed",
        (NOTICE,),
        parts=(one("days"),),
        says=N_(
            "Also listed, for their date of leaving alone: people who left shortly before the base"
            " date (days: {days})."
        ),
    ),
    Code(
        "joiners_listed",
        (NOTICE,),
        parts=(one("days"),),
        says=N_(
            "Also listed, if they are new: people who join shortly after the base date (days:"
            " {days})."
        ),
    ),
    Code(
        "outside_scope",
        (NOTICE,),
        parts=(
            one("count"),
            one("there"),
        ),
        says=N_(
            "Outside of the scope (who:), and left alone: {count} of {source}, {there} of {target}."
        ),
    ),
    Code(
        "outside_by_then",
        (NOTICE,),
        parts=(many("fields", SOURCE_FIELD),),
        says=N_("Not listed: outside of the scope (who:)[, by {fields}]."),
    ),
    Code(
        "number_on_roll_too",
        (NOTICE,),
        parts=NUMBERS,
        says=N_(
            "Not listed as leaving or joining, since somebody else carries the number: {numbers}."
        ),
    ),
    Code(
        "leavers_unsure",
        (NOTICE,),
        parts=NUMBERS,
        says=N_(
            "Left, but the date is not passed on, since it is not certain who they are in"
            " {target}: {numbers}."
        ),
        todo=N_("Fetch with a base date before they left, and look at both."),
    ),
    Code(
        "left_by_then",
        (NOTICE,),
        parts=(
            one("left", DAY),
            one("base", DAY),
        ),
        says=N_(
            "Not listed: left {source} on {left}. Listed are those who are employed on the base"
            " date, {base}; the day of leaving counts as gone."
        ),
    ),
    Code(
        "not_hired_by_then",
        (NOTICE,),
        parts=(
            one("hired", DAY),
            one("base", DAY),
        ),
        says=N_("Not listed: joins {source} on {hired}, after the base date, {base}."),
    ),
    Code(
        "not_employed",
        (NOTICE,),
        says=N_("Not listed: {source} has them as not employed (inactive)."),
    ),
    Code(
        "listed_by_now",
        (NOTICE,),
        says=N_("Not listed at the fetch, but would be now: {source} has changed since."),
        todo=N_("Fetch again."),
    ),
    Code(
        "releases_lapsed",
        (NOTICE,),
        parts=NUMBERS,
        says=N_(
            "Released before, but a record has changed since, so they are judged anew: {numbers}."
        ),
    ),
    Code(
        "substitutes_come_back",
        (NOTICE,),
        parts=SYSTEM,
        says=N_(
            "{system} is the target, and a setting replaces values there when it is the source"
            " (business names, for example): a replacement that has been changed in {source} comes"
            " back as the original."
        ),
        todo=N_("Turn the setting off unless you want this."),
    ),
    Code(
        "values_of_today",
        (NOTICE,),
        parts=SYSTEM,
        says=N_(
            "What is fetched from {system} is as of now; the base date only decides who is listed."
        ),
    ),
    Code(
        "now_ignored",
        (NOTICE,),
        says=N_(
            "RENKEI_NOW is ignored: it works only if every connection of the command is on this"
            " computer."
        ),
        todo=N_("Remove the variable to get rid of this warning."),
    ),
    Code(
        "field_unknown",
        (NOTICE,),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_("{system}: these fields could not be read and are left alone[: {fields}]."),
        todo=N_(
            "Give the token the right to read them and fetch again. If it has that right already,"
            " they are empty for everybody in {system}, and have to be filled by hand."
        ),
    ),
    Code(
        "field_empty",
        (NOTICE,),
        parts=(
            one("system", CONNECTION),
            many("fields", FIELD),
        ),
        says=N_("{system}: these fields are empty for everybody[: {fields}]."),
        todo=N_(
            "Look there before you sync. If they are filled in, give the token the right to read"
            " them and fetch again."
        ),
    ),
    Code(
        "partly_compared",
        (NOTICE,),
        parts=(
            one("system", CONNECTION),
            one("count"),
            one("field", FIELD),
        ),
        says=N_("{system} shows {field} of some employees only. Not compared: {count}."),
        todo=N_(
            "They have a note in the plan. What is empty in {system} may be left out, and has to be"
            " filled by hand."
        ),
    ),
    Code(
        "expected_intake",
        (NOTICE,),
        parts=(
            one("change", CHANGE),
            one("most"),
            one("begin", DAY),
            one("end", DAY),
            one("why", TYPED),
        ),
        says=N_(
            "Over the usual limit, and announced in the configuration: {change}, at most {most}"
            " from {begin} to {end} ({why})."
        ),
    ),
    Code(
        "store_upgraded",
        (NOTICE,),
        parts=(one("place"),),
        says=N_(
            "The report store was made by an older renkei and has been brought up to date. As it"
            " was, it is kept as {place}."
        ),
    ),
    Code(
        "store_made",
        (NOTICE,),
        parts=(one("place"),),
        says=N_("A new report store was made at {place}."),
    ),
    Code(
        "store_restored",
        (NOTICE,),
        parts=(one("place"),),
        says=N_(
            "The report store {place} is an older copy than this computer has last worked with, or"
            " another store: what was sent since is not in it."
        ),
        todo=N_(
            "Nothing is needed: who may have been sent is looked up, and nobody new is sent before"
            " the time of the longest request has passed."
        ),
    ),
    Code(
        "no_store",
        (NOTICE,),
        parts=(one("place"),),
        says=N_("There is no store at {place}, so no runs are known."),
    ),
    Code(
        "not_compacted",
        (NOTICE,),
        parts=(one("place"),),
        says=N_(
            "There was no room to write {place} anew, so remains of the removed values may still"
            " be in it."
        ),
        todo=N_("Make room on the disk, then purge again."),
    ),
    Code(
        "not_retained",
        (NOTICE,),
        parts=(one("place"),),
        says=N_(
            "What is older than retention: says could not be removed from {place}; the next command"
            " tries again."
        ),
        todo=N_("Purge by hand, to see why."),
    ),
    Code(
        "list_empty",
        (NOTICE,),
        parts=SYSTEM,
        says=N_("{system} has no employees."),
        todo=N_("Check that this is the right system and token."),
    ),
    Code(
        "unusual_creates",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
        ),
        says=N_(
            "New employees: {count} (usually at most {limit} a day)[, {earlier} of them in earlier"
            " syncs of today]."
        ),
        todo=N_("Check that this number is right."),
    ),
    Code(
        "first_registration",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
        ),
        says=N_(
            "New employees: {count} (usually at most {limit} a day)[, {earlier} of them in earlier"
            " syncs of today]. Hardly anybody of {source} is in {target} yet, so this looks like"
            " the first registration."
        ),
        todo=N_("If it is, allow it; if not, check that this is the right system."),
    ),
    Code(
        "unusual_updates",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
        ),
        says=N_(
            "Employees to update: {count} (usually at most {limit} a day)[, {earlier} of them in"
            " earlier syncs of today]."
        ),
        todo=N_("Check that this number is right."),
    ),
    Code(
        "unusual_leaving",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
        ),
        says=N_(
            "Employees who leave or become retired: {count} (usually at most {limit} a day)[,"
            " {earlier} of them in earlier syncs of today]."
        ),
        todo=N_("Check that this number is right."),
    ),
    Code(
        "unusual_returning",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
        ),
        says=N_(
            "Employees who come back, whose leaving is taken away: {count} (usually at most"
            " {limit} a day)[, {earlier} of them in earlier syncs of today]."
        ),
        todo=N_("Check that this number is right."),
    ),
    Code(
        "unusual_emptied",
        (LIMIT,),
        parts=(
            one("count"),
            one("limit"),
            one("earlier"),
            many("fields", FIELD),
        ),
        says=N_(
            "Employees who lose a value[ ({fields})]: {count} (usually at most {limit} a day)[,"
            " {earlier} of them in earlier syncs of today]."
        ),
        todo=N_("Check that this number is right."),
    ),
    Code(
        "over_expected",
        (LIMIT,),
        parts=(
            one("change", CHANGE),
            one("most"),
            one("begin", DAY),
            one("end", DAY),
            one("why", TYPED),
            one("count"),
        ),
        says=N_(
            "More than announced: {change}, {most} from {begin} to {end} ({why}). With this sync"
            " it would be {count}."
        ),
        todo=N_("If that is right, allow it or correct the announcement."),
    ),
    Code(
        "unusual_shrink",
        (LIMIT, NOTICE),
        parts=(
            one("count"),
            one("before"),
        ),
        says=N_("Employees listed in {source}: {count} (the last time: {before})."),
        todo=N_("Check that nobody is missing."),
    ),
    Code(
        "unusual_shrink_target",
        (LIMIT, NOTICE),
        parts=(
            one("count"),
            one("before"),
        ),
        says=N_("Employees found in {target}: {count} (the last time: {before})."),
        todo=N_("Check that it is the right system and that nobody is missing there."),
    ),
)
