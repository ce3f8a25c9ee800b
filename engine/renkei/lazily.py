"""Packages whose names are imported when they are asked for, so that a short command loads little.

Python asks the ``__getattr__`` of a package for a name that nobody has imported yet. Why only two
packages are so: docs/decisions/2026-11-30-names-from-their-modules.md.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def names_of(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """
    Return the ``__getattr__`` of *package*: *homes* are its modules, each with names it is home to.

    No module may be called as one of the names: Python would put it in the place of that.
    """
    home_of: dict[str, str] = {}
    for home, names in homes.items():
        home_of |= dict.fromkeys(names, f"{package}.{home}")

    def find(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(home_of[name]), name)

    return find
