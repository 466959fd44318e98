"""The log in front, the view behind, and what reads them."""
