"""An engine for files and pipes, in the viewer's own process."""
