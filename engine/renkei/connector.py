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
    OptionMistake,
    OptionsError,
    PlanFullError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.hookspecs import hookimpl
from renkei.http.connection import Connection, closed_error
from renkei.http.decode import JSON
from renkei.http.failure import Answer, Failure
from renkei.http.pace import Room
from renkei.http.records import Records
from renkei.http.session import Session
from renkei.http.values import read_value
from renkei.people import (
    JST,
    ROLE_TYPES,
    Account,
    BatchWrite,
    Choice,
    ClosedHours,
    Customer,
    Employee,
    FieldSpec,
    Finding,
    Label,
    Need,
    NewField,
    Parallel,
    Ref,
    RequestLimit,
    Role,
    Type,
    Value,
    Values,
)
from renkei.text import lacking
from renkei.words.i18n import _
from renkei.yamlfile.options import read_options

__all__ = [
    "JSON",
    "JST",
    "ROLE_TYPES",
    "AccessError",
    "Account",
    "Answer",
    "AnswerError",
    "BatchWrite",
    "Choice",
    "ClosedError",
    "ClosedHours",
    "ConfigurationError",
    "Connection",
    "ContractFullError",
    "Customer",
    "Employee",
    "Failure",
    "FieldSpec",
    "Finding",
    "InDoubtError",
    "Label",
    "ListChangedError",
    "Need",
    "NewField",
    "OptionMistake",
    "OptionsError",
    "Parallel",
    "PlanFullError",
    "RecordError",
    "Records",
    "Ref",
    "RenkeiError",
    "RequestLimit",
    "Role",
    "Room",
    "Session",
    "Type",
    "UnavailableError",
    "Value",
    "Values",
    "_",
    "base_dates",
    "closed_error",
    "hookimpl",
    "lacking",
    "read_options",
    "read_value",
]
