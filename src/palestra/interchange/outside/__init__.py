"""Battles, verdicts and answers that others wrote, read into Palestra's rows: one file per outside format."""
