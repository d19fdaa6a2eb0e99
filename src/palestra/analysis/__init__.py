"""Questions about battles beyond ratings: arrays in, numbers out; no files, no network, no clock."""
