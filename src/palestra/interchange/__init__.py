"""Reading and writing files of battles, ours and other tools."""
