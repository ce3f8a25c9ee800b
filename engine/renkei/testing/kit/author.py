"""What the author of a connector tells the kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from renkei.people import Value, Values
from renkei.testing.kit.tenant import SECRET, Tenant, secret_of


class Author:
    """The part of a kit test that its author writes; *factory*, *sample* and *other* at least."""

    factory: Any
    """What the entry point names: a class, or ``staticmethod`` of a function."""

    past_a_page: ClassVar[int] = 120
    """More people than one page of the list holds."""

    skips: ClassVar[Mapping[str, str]] = {}
    """Names of checks that cannot hold for this system, each with the reason why."""

    @pytest.fixture
    def url(self) -> str | None:
        """Return the address of an empty tenant, or None where no address is used."""
        return None

    def settings(self, url: str | None) -> Mapping[str, Any]:
        """Return what :func:`renkei.testing.opened` is told beside the address of the tenant."""
        del url
        return {}

    def sample(self, i: int) -> Values:
        """
        Return every writable field of person *i*, from 0 to a little over *past_a_page*.

        A source, which cannot write, gives every field.
        """
        raise NotImplementedError

    def other(self, name: str, i: int) -> Value:
        """Return another value of field *name* of person *i*."""
        raise NotImplementedError

    def raw(self, url: str | None) -> Mapping[str, object]:
        """Return everything that the system stores, by the id of a person; optional."""
        raise NotImplementedError

    def retire(self, url: str | None, i: int) -> None:
        """Make person *i*, who is in the system, one who has left; optional."""
        raise NotImplementedError

    def add(self, url: str | None, i: int) -> None:
        """
        Put person *i* into the system without the connector.

        Optional, but for a connector that cannot write.
        """
        raise NotImplementedError

    def hide(self, url: str | None, name: str) -> None:
        """Let the system show field *name* of nobody, as to a token without the right; optional."""
        raise NotImplementedError

    @pytest.fixture
    def tenant(self, request: pytest.FixtureRequest) -> Iterator[Tenant]:
        """Open the connector before the tenant, unless the author skips this check."""
        name = request.node.originalname
        if name in self.skips:
            if not self.skips[name].strip():
                pytest.fail(f"{name} is skipped without a reason.", pytrace=False)
            pytest.skip(self.skips[name])
        url = request.getfixturevalue("url")  # only now: what is skipped needs no tenant
        request.node.stash[SECRET] = secret_of(self, url)
        with Tenant.opened(self, url) as tenant:
            yield tenant

    def gives(self, name: str) -> bool:
        """Tell whether the author has written the optional part *name*."""
        return getattr(type(self), name) is not getattr(Author, name)
