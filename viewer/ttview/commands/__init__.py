"""What `ttview` can be asked to do, a module each; only the one asked for is imported."""
