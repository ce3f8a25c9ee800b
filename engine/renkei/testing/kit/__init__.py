"""The conformance kit: what every connector should be asked for, ready to be run by pytest.

Load it with ``pytest_plugins = ["renkei.testing.kit"]`` in your ``conftest.py`` (the extra
``renkei[kit]`` brings pytest and hypothesis), derive a class from :class:`ConnectorTests`, and give
it a *factory*, a *url*, *sample* and *other*. Each check is a test of one sentence. Since 0.2.
"""

from renkei.testing.kit.author import Author
from renkei.testing.kit.conduct import ConductChecks
from renkei.testing.kit.faults import FaultChecks
from renkei.testing.kit.fields import FieldChecks
from renkei.testing.kit.laws import LawChecks
from renkei.testing.kit.lookups import LookUpChecks
from renkei.testing.kit.plugin import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_makereport,
)
from renkei.testing.kit.reading import ReadingChecks
from renkei.testing.kit.tenant import TOKEN, Tenant
from renkei.testing.kit.writing import WritingChecks

__all__ = [
    "TOKEN",
    "ConnectorTests",
    "Tenant",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
]


class ConnectorTests(
    FieldChecks,
    ReadingChecks,
    LookUpChecks,
    WritingChecks,
    FaultChecks,
    ConductChecks,
    LawChecks,
    Author,
):
    """Every check; the author's class is ``class TestHoshi(ConnectorTests)``."""
