"""Ways to reach a language model, all behind the `Model` protocol of `models/base.py`."""
