"""Check: can the work be done. Connections, mappings, store, clock, schedules and messages."""

from __future__ import annotations

from attrs import frozen

from renkei import retention
from renkei.check import Checked, check_all
from renkei.errors import ConfigurationError, NoStoreError, RenkeiError
from renkei.people import Finding
from renkei.place import shown
from renkei.runs.accounts import Accounts
from renkei.runs.ground import Ground
from renkei.runs.messages import Messages
from renkei.runs.schedules import Schedules
from renkei.store.schema import refuse_no_place, refuse_no_room
from renkei.words.facts import moment_text
from renkei.words.i18n import _


@frozen
class Checking:
    """Tries everything out; finds problems, never raises them."""

    ground: Ground
    accounts: Accounts
    schedules: Schedules
    messages: Messages

    def check(self) -> list[Checked]:
        """Return what was found out about each subject."""
        ground = self.ground
        found = check_all(
            ground.systems,
            ground.pairings,
            self._try_store,
            self.accounts.try_out,
            self.accounts.known,
        )
        if ground.config.schedules:
            found.append(self._check_schedules())
        if self.messages.has_receivers:
            from renkei.alerts.trying import findings

            found.append(Checked(subject=_("messages"), findings=findings(ground.config)))
        return found

    def _check_schedules(self) -> Checked:
        """Return when each schedule is next, and why one cannot run."""
        findings: list[Finding] = []
        error: ConfigurationError | None = None
        try:
            found = self.schedules.all()
        except RenkeiError:  # of the store, which has been told: nobody knows what is kept
            found = [each for each in self.schedules.written() if each.mistake is not None]
        for each in found:
            name = each.schedule.name
            if each.mistake is not None:
                findings.append(Finding("problem", f"{name}: {each.mistake}"))
                error = ConfigurationError(each.mistake, code="schedule", where=name)
            else:
                next_at = moment_text(each.next_at)
                findings.append(
                    Finding("note", _("{name}: next {at}.").format(name=name, at=next_at))
                )
        if any(each.alone for each in found):
            findings.append(Finding("warning", _("No worker keeps them: one has to be running.")))
        return Checked(subject=_("schedules"), findings=tuple(findings), error=error)

    def _try_store(self) -> tuple[Finding, ...]:
        """Return whether the report store can be used, its size, and what goes by itself."""
        found, store = self._tried_store(), self.ground.opened
        told = retention.told(self.ground.config, store, self.ground.clock)
        return (found, told) if told else (found,)

    def _tried_store(self) -> Finding:
        """Return whether the report store can be used; StoreError if it cannot."""
        place = self.ground.config.store
        try:
            store = self.ground.store
            store.try_writing()
        except NoStoreError:
            refuse_no_place(place)
            refuse_no_room(place)
            message = _("There is no store at {place} yet; the first fetch makes it.")
            return Finding("note", message.format(place=shown(place)))
        refuse_no_room(place)
        message = _("{place} can be opened and written. Its size: {size} MB.")
        size = f"{store.size() / 1_000_000:,.1f}"
        return Finding("ok", message.format(place=store.place, size=size))
