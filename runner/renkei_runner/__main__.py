"""`python -m renkei_runner` is `renkei`."""

from renkei_runner.start import main

main()
