"""What the configuration asks of log-ins, at this moment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from attrs import define, field

from renkei.config import DashboardSettings, load_config, load_main
from renkei.errors import RenkeiError
from renkei_web.users import User


@define
class Rules:
    """
    The settings about log-ins; while a file cannot be read those of before hold.

    Before it could ever be read nobody needs less than a second factor. Where there are several
    companies the main file says what every log-in needs, and each company what its own pages need
    beside that.
    """

    config_path: Path
    _last: dict[str, DashboardSettings] = field(init=False, factory=dict)

    def now(self, company: str = "") -> DashboardSettings:
        """Return the settings of a company, or of every log-in, as they are now."""
        with suppress(RenkeiError):
            self._last[company] = self._read(company)
        return self._last.get(company, DashboardSettings(second_factor="required"))

    def _read(self, company: str) -> DashboardSettings:
        if company:
            return load_config(self.config_path, company).settings
        return load_main(self.config_path).settings

    def only_sso(self, company: str = "") -> bool:
        """Return whether nobody gets in with a password."""
        return self.now(company).only_sso

    def needs_code(self, user: User, company: str = "") -> bool:
        """Return whether somebody has to have a second factor; a provider has its own."""
        said = [self.now(each) for each in sorted({"", company})]
        return user.by_password and any(each.needs_code for each in said)
