"""
What a planted bug is: a few words of the product's source, replaced while it runs.

An edit names a function and a piece of its source; the function gets the code of the edited source,
so that everybody who has already imported it runs the bug. Nothing is copied from the product, so
nothing can fall behind it: a function that is gone, or a piece that is not there exactly once,
fails at once and says so.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from attrs import frozen

Change: TypeAlias = "tuple[FunctionType, CodeType]"
"""A function and the code it is to get."""


class Rotten(Exception):
    """A bug that cannot be planted any more: the product has changed where it was."""


@frozen
class Edit:
    """Put *new* in the place of *old* in the source of *where*, ``module:function``."""

    where: str
    old: str
    new: str

    def made(self) -> Change:
        """Return the function and the code it is to get; raises Rotten if there is none."""
        function = self._function()
        return function, self._code(function)

    def _function(self) -> FunctionType:
        """Return the function itself, below whatever decorators have made of it."""
        module, _, path = self.where.partition(":")
        *classes, name = path.split(".")
        try:
            holder: Any = import_module(module)
            for each in classes:
                holder = getattr(holder, each)
            thing = inspect.getattr_static(holder, name)
        except (ImportError, AttributeError) as error:
            raise Rotten(f"{self.where} is gone: {error}") from None
        for wrapper in ("fget", "__func__", "callback"):  # property, class method, click command
            thing = getattr(thing, wrapper, thing)
        function = inspect.unwrap(thing)
        if not isinstance(function, FunctionType):
            raise Rotten(f"{self.where} is no function")
        return function

    def _code(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        if (count := source.count(self.old)) != 1:
            raise Rotten(f"{self.where} holds {count} times, not once: {self.old}")
        edited = source.replace(self.old, self.new)
        file = function.__code__.co_filename
        module = compile(edited, file, "exec", flags=annotations.compiler_flag, dont_inherit=True)
        (code,) = (
            constant
            for constant in module.co_consts
            if isinstance(constant, CodeType) and constant.co_name == function.__name__
        )
        if code.co_freevars != function.__code__.co_freevars:
            raise Rotten(f"{self.where} uses names of a function around it")
        return code


@frozen
class Bug:
    """
    One bug, and the tests that must turn red where it is.

    *tests* are ids as pytest prints them, the few and quick ones; one without its parameters means
    all of them.
    """

    name: str
    story: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    def changes(self) -> list[Change]:
        """Return what has to be changed to plant the bug; raises Rotten if that cannot be."""
        changes = [edit.made() for edit in self.edits]
        if len({function for function, _code in changes}) < len(changes):
            raise Rotten("one edit for each function")
        return changes


def plant(changes: Sequence[Change]) -> None:
    """Put a bug into this process, for good."""
    for function, code in changes:
        function.__code__ = code


def bug(name: str, story: str, *edits: tuple[str, str, str], tests: str) -> Bug:
    """Return a bug; *tests* is one id per line."""
    return Bug(name, story, tuple(Edit(*edit) for edit in edits), tuple(tests.splitlines()))
