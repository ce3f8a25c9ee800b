"""How fast renkei is beside what the systems allow and what a script does: ``make bench``."""
