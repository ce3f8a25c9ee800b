"""How tests ask what listens on this machine."""

from __future__ import annotations

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing is encrypted there: the list of authorities takes longer to read than the answer."""
