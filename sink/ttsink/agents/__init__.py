"""Configurations of agents: made, checked, proven."""
