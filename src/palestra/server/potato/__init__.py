"""Potato's Model Arena: one prompt to all models, the best of them or a ranking, and what comes of it."""
