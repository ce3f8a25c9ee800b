"""What the configuration asks of log-ins, at this moment."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field

from renkei.config import Settings, load_config
from renkei.errors import RenkeiError
from renkei_web.users import User


@define
class Rules:
    """
    The settings about log-ins; while the file cannot be read those of before hold.

    Before it could ever be read nobody needs less than a second factor.
    """

    config_path: Path
    company: str | None = None
    _last: Settings = field(init=False, factory=lambda: Settings(second_factor="required"))

    def now(self) -> Settings:
        """Return the settings as they are now."""
        try:
            self._last = load_config(self.config_path, self.company).settings
        except RenkeiError:
            return self._last
        return self._last

    def only_sso(self) -> bool:
        """Return whether nobody logs in with a password."""
        return self.now().sso == "required"

    def needs_code(self, user: User) -> bool:
        """Return whether somebody has to have a second factor; a provider has its own."""
        return user.by_password and self.now().second_factor == "required"
