"""What Palestra writes down: one module per noun. Import from the modules."""
