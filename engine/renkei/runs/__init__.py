"""
The one door for every face: fetch, choose, sync, resume, report.

door        what a face can ask for, with what it may expect
ground      what the rooms below share: the configuration, its store, its systems
fetching    makes a plan, and makes it anew
looking     what is in a plan, and became of it
choosing    who is to be written, with which new values
syncing     carries it out, or stops it
releases    what people say of two records
schedules   when, and what is done then
errands     what people want done by a worker
accounts    whose they are, and their own fields
checking    can the work be done
messages    what needs a person, and who is told
upkeep      what is old goes
audit       the log of who has done what
moving      a store moves
"""

from renkei.alerts.inbox import Entry
from renkei.alerts.sending import Became
from renkei.alerts.states import State
from renkei.check import Checked
from renkei.config.pairs import Pair
from renkei.plan.again import Carried, base_was_chosen
from renkei.plan.explain import Step
from renkei.retention import Gone
from renkei.runs.door import Runs
from renkei.runs.moving import copy_store
from renkei.schedule.job import Ticket
from renkei.scheduled import Scheduled
from renkei.store.copying import Copied

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
    "Ticket",
    "base_was_chosen",
    "copy_store",
]
