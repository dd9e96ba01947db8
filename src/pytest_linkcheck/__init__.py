"""A pytest plugin that checks the file links (inodes, link counts, devices) of installed files."""
