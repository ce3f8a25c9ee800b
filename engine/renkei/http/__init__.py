"""HTTP as connectors use it: limits, retries, caps, deadlines, closed hours; secrets stay secret.

The only package that imports an HTTP library, and it does so with the first request.

    connection.py   one account: address, token, what to keep to
    session.py      the requests a connector makes
    request.py      what is sent            failure.py   what a refusal means
    wire.py         sockets                 deadline.py  a time limit for a whole call
    network.py      proxy and authorities   departure.py why a request never left
    pace.py         request limits          retry.py     trying again
    decode.py       strict JSON             values.py    JSON to values of fields
    secret.py       the token               oauth.py     tokens that are asked for
    lists.py        one record or nobody, and lists in parts
    paging.py       lists page by page      records.py   employees out of records
    whole.py        is a list whole         trace.py     a line for each request
"""

from renkei.http.connection import Conditions, Connection, Guard, closed_error
from renkei.http.decode import JSON
from renkei.http.failure import Answer, Failure
from renkei.http.network import Network
from renkei.http.oauth import AccessToken, Grant, Tokens
from renkei.http.pace import OnWait, Room
from renkei.http.records import Records
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.http.values import read_value

__all__ = [
    "JSON",
    "AccessToken",
    "Answer",
    "Conditions",
    "Connection",
    "Failure",
    "Grant",
    "Guard",
    "Network",
    "OnWait",
    "Records",
    "RetryBudget",
    "Room",
    "Secret",
    "Session",
    "Timeouts",
    "Tokens",
    "closed_error",
    "read_value",
]
