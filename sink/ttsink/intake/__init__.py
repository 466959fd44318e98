"""A body on its way to the log."""
