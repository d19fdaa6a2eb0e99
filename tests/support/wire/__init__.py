"""The wire shapes that providers speak, from the server's side: one file each."""
