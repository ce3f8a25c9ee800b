"""What helps against an error, as commands of the command line."""

from __future__ import annotations

from renkei.errors import Hint, HintCode
from renkei.words.i18n import N_, _

COMMANDS: dict[HintCode, str] = {
    "accept": N_("If it is right: `renkei check --accept`"),
    "adopt": N_("If they are the same company: `renkei company adopt {company}`"),
    "allow_unusual": N_(
        "Look at `renkei plan {run}`;"
        " if it is right, allow it with `renkei sync {run} --allow-unusual`."
    ),
    "cancel": N_("`renkei cancel {run}` gives it up."),
    "check": N_("`renkei check` shows whom each token belongs to."),
    "choices": N_("`renkei choices` lists what is offered for {field}."),
    "choose": N_("Choose with `renkei sync {run} …`."),
    "companies": N_("`renkei companies` lists them."),
    "company": N_("Name one with --company or RENKEI_COMPANY; `renkei companies` lists them."),
    "company_remove": N_("`renkei company remove {company}` removes it."),
    "company_resume": N_("`renkei company resume {company}` lets it go on."),
    "give_new": N_("Give --new {field}=VALUE, or --new-file."),
    "give_why": N_("Give it with --why."),
    "init": N_("Write one with `renkei init`, or name yours with --config."),
    "name_other": N_("{number}=OTHER names another record that is the same person."),
    "name_record": "{number}={record}",
    "plan": N_("`renkei plan {run}` shows them."),
    "plan_blocked": N_("`renkei plan RUN --difference blocked` shows why."),
    "purge": N_("`renkei reports purge` needs none, and makes some."),
    "refresh": N_("`renkei refresh {connection}` reads them."),
    "releases": N_("`renkei releases` lists them."),
    "reports": N_("`renkei reports` lists them."),
    "resume": N_("`renkei resume {run}` resumes it."),
    "right_pair": N_(
        "If they are right: `renkei fetch {source} {target} --right-pair --why REASON`"
    ),
}
"""The sentence of every hint; the names in it are those that the hint is about."""


def told(hint: Hint | str | None) -> str:
    """Return *hint* as a sentence of the context's language, or nothing if there is none."""
    if isinstance(hint, Hint):
        words = _(COMMANDS[hint.code])
        if not hint.records:
            return words.format(**hint.about)
        return _(", ").join(words.format(record=each, **hint.about) for each in hint.records)
    return hint or ""
