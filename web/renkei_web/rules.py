"""What the configuration asks of log-ins, at this moment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from attrs import define, field

from renkei.config import Settings, load_config
from renkei.errors import RenkeiError
from renkei_web.users import User


@define
class Rules:
    """
    The settings about log-ins; while a file cannot be read those of before hold.

    Before it could ever be read nobody needs less than a second factor. Of *several* companies each
    says what its own pages need; a log-in alone, which is to none of them, needs nothing.
    """

    config_path: Path
    several: bool = False
    _last: dict[str, Settings] = field(init=False, factory=dict)

    def now(self, company: str = "") -> Settings:
        """Return the settings of a company as they are now."""
        if self.several and not company:
            return Settings()
        with suppress(RenkeiError):
            self._last[company] = load_config(self.config_path, company or None).settings
        return self._last.get(company, Settings(second_factor="required"))

    def only_sso(self, company: str = "") -> bool:
        """Return whether nobody gets in with a password."""
        return self.now(company).sso == "required"

    def needs_code(self, user: User, company: str = "") -> bool:
        """Return whether somebody has to have a second factor; a provider has its own."""
        return user.by_password and self.now(company).second_factor == "required"
