"""Where every answer and verdict is kept under its content key."""
