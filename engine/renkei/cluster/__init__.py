"""Workers on any number of machines: a queue beside the store, and who does its jobs."""
