"""The web arena: a FastAPI application and what it needs. Started by `palestra serve`."""
