"""Messages: what needs a person, and who is told of it."""

from __future__ import annotations

from attrs import frozen

from renkei.alerts.inbox import Entry, entries
from renkei.alerts.sending import Became, nobody_is_told
from renkei.alerts.states import states
from renkei.errors import RenkeiError
from renkei.runs.ground import Ground


@frozen
class Messages:
    """Tells people, or the asker. What sends is imported only where somebody is to be told."""

    ground: Ground

    @property
    def has_receivers(self) -> bool:
        """Whether anybody is told of this company, by its file or by that of all companies."""
        config = self.ground.config
        return bool(config.notify.to or config.main.notify.to)

    def tell(self, *, attended: bool, anyway: bool) -> None:
        """Tell the configured receivers what needs a person; raises nothing."""
        ground = self.ground
        if not (ground.ran or anyway) or not self.has_receivers:
            return
        try:
            store = ground.open_store(create=False)
        except RenkeiError:
            return  # the person who fetched knows already
        from renkei.alerts.telling import Telling

        seen = attended and "sync" not in ground.ran
        Telling(config=ground.config, store=store, clock=ground.clock).tell(attended=seen)

    def inbox(self) -> list[Entry]:
        """Return what needs a person now, the most urgent first; nothing if there is no store."""
        if not self.ground.has_store():
            return []
        store, now = self.ground.store, self.ground.clock.now()
        found = states(store.directions(now), store.missed(now))
        return entries([(self.ground.config.company, each) for each in found], store.alerts())

    def try_receivers(self) -> list[Became]:
        """Send a test message to everybody who is told; UsageError if nobody is."""
        from renkei.alerts.audience import audiences
        from renkei.alerts.trying import try_out

        config = self.ground.config
        if not (those := audiences(config)):
            raise nobody_is_told(config.path)
        return try_out(those, config.company.title)
