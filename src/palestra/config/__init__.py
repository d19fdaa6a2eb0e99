"""The YAML config: one schema, and the predecessors' files read into it."""
