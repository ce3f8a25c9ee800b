"""The one door for every face: fetch, choose, sync, resume, report."""

from renkei.runs.door import (
    Became,
    Carried,
    Checked,
    Copied,
    Entry,
    Gone,
    Pair,
    Runs,
    Scheduled,
    State,
    Step,
    base_was_chosen,
    copy_store,
)

__all__ = [
    "Became",
    "Carried",
    "Checked",
    "Copied",
    "Entry",
    "Gone",
    "Pair",
    "Runs",
    "Scheduled",
    "State",
    "Step",
    "base_was_chosen",
    "copy_store",
]
