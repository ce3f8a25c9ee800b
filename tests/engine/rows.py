"""The rows of a comparison, each of them as an item, as the store gives them back."""

from __future__ import annotations

from collections.abc import Iterator

from renkei.model import Alike, Difference, Item
from renkei.plan.glance import Glance
from renkei.plan.listing import Listing


def items_of(listing: Listing) -> Iterator[Item]:
    """Yield each employee who is listed."""
    for row in listing.rows():
        yield row if isinstance(row, Item) else _item(listing._glance, row)


def _item(glance: Glance, alike: Alike) -> Item:
    before = dict(zip(glance._before, alike.before, strict=True))
    unsaid = {glance._before[place] for place in alike.unsaid}
    return Item(
        number=alike.number,
        name=alike.name,
        difference=Difference.SAME,
        source_id=alike.source_id,
        target_id=alike.target_id,
        kana=alike.kana,
        read=dict(zip(glance._source.names, alike.read, strict=True)),
        before=before,
        after={name: value for name, value in before.items() if name not in unsaid},
    )
