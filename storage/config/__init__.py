"""The environment and the pipeline file: how they are read, and what is wrong with them in words."""
