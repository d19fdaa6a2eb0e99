"""Palestra's web arena under load, beside a Gradio arena."""
