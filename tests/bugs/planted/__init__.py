"""
The planted bugs: mistakes that programs of this kind are known to make.

Each is a story, the words of the source that it replaces, and the tests that must turn red. Take
the quickest tests that show the harm, one to three; all bugs together run in every CI run. A
process that a test starts anew is without the bug; one that it forks has it.
"""

from __future__ import annotations

from tests.bugs.bug import Bug
from tests.bugs.planted import (
    cluster,
    companies,
    comparing,
    deciding,
    errands,
    keeping,
    kit,
    operated,
    promises,
    reading,
    rights,
    scheduled,
    scope,
    showing,
    store,
    telling,
    writing,
)

BUGS: tuple[Bug, ...] = tuple(
    each
    for area in (
        writing,
        promises,
        store,
        reading,
        comparing,
        deciding,
        showing,
        kit,
        scope,
        companies,
        rights,
        keeping,
        scheduled,
        errands,
        cluster,
        telling,
        operated,
    )
    for each in area.BUGS
)
