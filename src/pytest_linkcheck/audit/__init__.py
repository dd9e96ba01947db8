"""`pytest --linkcheck`: existing environments as test items. They are read, never run."""
