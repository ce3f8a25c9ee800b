"""Where a system keeps its people: dicts that notice every edit, so that lists can be cached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Self

_MISSING = object()


class Record(dict[str, Any]):
    """One stored person: a dict that tells its table when it is edited."""

    __slots__ = ("_id", "_table")

    def __init__(self, table: Table, identifier: str, fields: Mapping[str, Any]) -> None:
        """Hold *fields* as the person *identifier* of *table*."""
        super().__init__(fields)
        self._table, self._id = table, identifier

    def __setitem__(self, key: str, value: object) -> None:
        """Store *value* and tell the table."""
        before = self.get(key)
        super().__setitem__(key, value)
        self._table.edited(self._id, key, before, value)

    def __delitem__(self, key: str) -> None:
        """Forget *key* and tell the table."""
        before = self[key]
        super().__delitem__(key)
        self._table.edited(self._id, key, before, None)

    def update(self, *others: Any, **fields: Any) -> None:  # noqa: ANN401
        """Store several values, each one noticed."""
        for key, value in dict(*others, **fields).items():
            self[key] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]  # noqa: ANN401
        """Store several values, each one noticed."""
        self.update(other)
        return self

    def setdefault(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """Store *default* unless *key* is there."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, default: Any = _MISSING) -> Any:  # noqa: ANN401
        """Forget *key* and return its value."""
        if key not in self and default is not _MISSING:
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Forget the last key and return it with its value."""
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Forget everything."""
        for key in list(self):
            del self[key]


class Table(dict[str, Record]):
    """The people of one system by id, found quickly by number too, duplicates included."""

    def __init__(self, number: str) -> None:
        """Start empty; *number* is the field that people are looked up by."""
        super().__init__()
        self._number = number
        self._found: dict[Any, dict[str, None]] = {}
        self.version = 0
        """Grows with every edit."""

    def __setitem__(self, identifier: str, fields: Mapping[str, Any]) -> None:
        """Put a person in, or replace one in place."""
        before = self.get(identifier)
        record = Record(self, identifier, fields)
        super().__setitem__(identifier, record)
        self._moved(identifier, before, record)

    def __delitem__(self, identifier: str) -> None:
        """Take a person out."""
        before = self[identifier]
        super().__delitem__(identifier)
        self._moved(identifier, before, None)

    def pop(self, identifier: str, default: Any = _MISSING) -> Any:  # noqa: ANN401
        """Take a person out and return the record."""
        if identifier not in self and default is not _MISSING:
            return default
        record = self[identifier]
        del self[identifier]
        return record

    def clear(self) -> None:
        """Take everybody out."""
        super().clear()
        self._found.clear()
        self.version += 1

    def update(self, *_: object, **__: object) -> NoReturn:
        """Refuse: put people in one by one."""
        raise NotImplementedError

    setdefault = popitem = __ior__ = update

    def numbered(self, number: str | None) -> list[Record]:
        """Return everybody with exactly this *number*, oldest first."""
        return [self[identifier] for identifier in self._found.get(number, ())]

    def identified(self, number: str | None) -> Iterable[str]:
        """Return the ids of everybody with exactly this *number*, oldest first."""
        return tuple(self._found.get(number, ()))

    def edited(self, identifier: str, key: str, before: object, after: object) -> None:
        """Take note that one value of a stored person changed."""
        self.version += 1
        if key == self._number and before != after and identifier in self:
            self._unlist(identifier, before)
            self._found.setdefault(after, {})[identifier] = None

    def _moved(self, identifier: str, before: Record | None, after: Record | None) -> None:
        self.version += 1
        if before is not None:
            self._unlist(identifier, before.get(self._number))
        if after is not None:
            self._found.setdefault(after.get(self._number), {})[identifier] = None

    def _unlist(self, identifier: str, number: object) -> None:
        same = self._found.get(number, {})
        same.pop(identifier, None)
        if not same:
            self._found.pop(number, None)
