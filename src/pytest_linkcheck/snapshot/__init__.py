"""The fixture `linkcheck_snapshot`: how environments share files, as a text kept beside a test."""
