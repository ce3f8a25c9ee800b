"""All that the author of a connector imports, in one place.

A connector is a class. Its instance is built for one connection, ``MyConnector(connection)``, and
its methods marked with ``@hookimpl`` are the hooks of :class:`renkei.hookspecs.ConnectorSpec`.
Name the class in the entry-point group ``renkei.connectors``.
"""

from renkei.clock import base_dates
from renkei.errors import (
    AccessError,
    AnswerError,
    ClosedError,
    ConfigurationError,
    ContractFullError,
    InDoubtError,
    ListChangedError,
    PlanFullError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.hookspecs import hookimpl
from renkei.http import (
    JSON,
    Answer,
    Connection,
    Failure,
    Records,
    Room,
    Session,
    closed_error,
    read_value,
)
from renkei.people import (
    JST,
    Account,
    Choice,
    ClosedHours,
    Employee,
    FieldSpec,
    Finding,
    Label,
    NewField,
    Parallel,
    Ref,
    RequestLimit,
    Value,
    Values,
)
from renkei.words.i18n import _

__all__ = [
    "JSON",
    "JST",
    "AccessError",
    "Account",
    "Answer",
    "AnswerError",
    "Choice",
    "ClosedError",
    "ClosedHours",
    "ConfigurationError",
    "Connection",
    "ContractFullError",
    "Employee",
    "Failure",
    "FieldSpec",
    "Finding",
    "InDoubtError",
    "Label",
    "ListChangedError",
    "NewField",
    "Parallel",
    "PlanFullError",
    "RecordError",
    "Records",
    "Ref",
    "RenkeiError",
    "RequestLimit",
    "Room",
    "Session",
    "UnavailableError",
    "Value",
    "Values",
    "_",
    "base_dates",
    "closed_error",
    "hookimpl",
    "read_value",
]
