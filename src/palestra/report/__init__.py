"""Text, Markdown and HTML from a result folder."""
