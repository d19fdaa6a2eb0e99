"""From a config to a result folder: pair, generate, judge, write."""
