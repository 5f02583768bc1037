"""The measurements behind the tables of the documentation; a time is one of this machine and of no other."""
