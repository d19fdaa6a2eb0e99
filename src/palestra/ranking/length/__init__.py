"""Win rates at equal length of the answers."""
