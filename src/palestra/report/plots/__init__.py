"""Leaderboards, matrices and histories as SVG and PNG pictures. Only `sheet` knows matplotlib."""
