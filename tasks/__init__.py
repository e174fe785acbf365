"""STEP: load, one call into models, save; the only place where storage and models meet."""
