"""Who decides a matchup, all behind the `Judge` protocol of `judges/base.py`."""
