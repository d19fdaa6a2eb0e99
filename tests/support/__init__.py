"""What the tests share: tiny models, servers that misbehave on demand, and a way to name what is missing."""
