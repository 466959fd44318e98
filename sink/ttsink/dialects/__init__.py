"""How agents and job systems say the members of a record."""
