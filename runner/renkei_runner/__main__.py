"""`python -m renkei_runner` is `renkei`."""

import sys

from renkei_runner.main import main

sys.exit(main())
