"""Spans that were sent, and spans that are asked for."""
