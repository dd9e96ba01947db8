"""What a run found, as records, and how they are shown."""
