"""How long what is kept of employees stays in the store, where the configuration says so."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator

from attrs import frozen

from renkei.words.i18n import _
from renkei.yamlfile.converter import CONVERTER, Wrong

_AGE = re.compile(r"([1-9]\d{0,4})(d|y)", re.ASCII)
LONGEST_Y = 100


@frozen(order=False)
class Age:
    """A number of days or years, as it is written: ``90d``, ``5y``."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def before(self, moment: dt.datetime) -> dt.datetime:
        """Return the moment this long before *moment*: by the calendar where it is years."""
        if self.unit == "d":
            return moment - dt.timedelta(days=self.count)
        year = moment.year - self.count
        last = calendar.monthrange(year, moment.month)[1]  # few years have a 29 February
        return moment.replace(year=year, day=min(moment.day, last))

    @classmethod
    def read(cls, text: str) -> Age | None:
        """Return the age that *text* is, or None if it is none."""
        found = _AGE.fullmatch(text)
        if found is None:
            return None
        age = cls(int(found[1]), found[2])
        days = age.count if age.unit == "d" else age.count * 366
        return age if days <= LONGEST_Y * 366 else None


@frozen(kw_only=True)
class Retention:
    """
    After which age employees' *values* go by themselves, and whole *records* of runs.

    None: they stay until somebody purges them.
    """

    values: Age | None = None
    records: Age | None = None


def _age(data: object, _cls: type) -> Age:
    text = CONVERTER.structure(data, str)
    age = Age.read(text)
    if age is None:
        message = _('expected days or years, such as 90d or 5y, not "{word}"')
        raise Wrong(message.format(word=text))
    return age


CONVERTER.register_structure_hook_func(lambda cls: cls is Age, _age)


def retention_mistakes(data: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is wrong with a retention whose shape is right, each with its place."""
    if not isinstance(data, dict):
        return
    values, records = _age_in(data.get("values")), _age_in(data.get("records"))
    if values is None or records is None:
        return
    # A fixed day, as a year has not always as many days: a file that is right today stays right.
    day = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    if records.before(day) > values.before(day):
        message = _("The records of a run hold its values, so they stay as long, or longer.")
        yield ("retention", "records"), message


def _age_in(written: object) -> Age | None:
    return Age.read(written) if isinstance(written, str) else None
