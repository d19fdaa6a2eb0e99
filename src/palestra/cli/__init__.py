"""The command line: one file per command. They import what they need when they run."""
