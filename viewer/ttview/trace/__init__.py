"""One trace in place of the log."""
