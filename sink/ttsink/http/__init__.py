"""The HTTP edge: routes, access, streams."""
