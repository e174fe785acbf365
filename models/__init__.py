"""HOW: arrays and frames in, arrays and frames out; no files, no database, no clock."""
