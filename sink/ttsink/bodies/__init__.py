"""What a request's body holds: encodings, shapes, limits."""
