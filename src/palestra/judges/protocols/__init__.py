"""One file per protocol: what the judge is told, and how its reply is read."""
