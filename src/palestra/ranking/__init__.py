"""Battles in, ratings out: arrays only, no files, no network, no clock."""
