"""Secrets and personal values, found and replaced before anything is kept."""
