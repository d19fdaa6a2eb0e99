"""Placing a model into an arena of human battles: draw, answer, judge, fit, write."""
