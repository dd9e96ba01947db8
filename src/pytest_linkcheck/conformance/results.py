"""What became of a check: the record that travels with its test report."""

from pytest_linkcheck.report.model import FAILED, HAZARD, KNOWN, PASSED, SKIPPED, Result

__all__ = ["FAILED", "HAZARD", "KNOWN", "PASSED", "SKIPPED", "Result"]
