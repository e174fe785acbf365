"""WHERE: everything outside the process, and the names and shapes of what is kept there."""
