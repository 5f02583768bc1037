"""The first look: the runs and verdicts of a database as CSV, and the page made of them and of the registry."""
