"""
The other door for faces: what is about all companies of one main file, and who joins or leaves.

What is about one of them goes through :mod:`renkei.runs`, with the configuration of that company.

door        what a face can ask for, with what it may expect
ground      what the rooms below share: the main file, its store, who does it
listing     how each of them stands, and what needs a person
joining     their files are written, or none is
leaving     all of one goes, and papers say so
"""

from renkei.alerts.inbox import Entry
from renkei.alerts.sending import Became
from renkei.alerts.states import State
from renkei.alerts.words import short_text
from renkei.companies.door import Companies
from renkei.companies.joining import not_a_name
from renkei.companies.leaving import Certificate
from renkei.companies.listing import Listed
from renkei.store.companies import Removed, Stands
from renkei.store.stands import Stood

__all__ = [
    "Became",
    "Certificate",
    "Companies",
    "Entry",
    "Listed",
    "Removed",
    "Stands",
    "State",
    "Stood",
    "not_a_name",
    "short_text",
]
