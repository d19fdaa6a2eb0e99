"""The ranking engine beside its peers: `make bench-ranking`, and README.md one folder up."""
