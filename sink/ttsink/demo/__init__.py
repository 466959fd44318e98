"""A sink with made-up traffic and the viewer on it."""
