"""Judges on the arena's battles: what there is to judge, what that takes, and doing it."""
