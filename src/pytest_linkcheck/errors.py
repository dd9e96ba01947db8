"""What goes wrong without being a failed assertion, each in one clear sentence.

No error here is an `AssertionError`: `pytest.raises(AssertionError)` around an assertion must not
take a mistyped path for a verdict.
"""


class LinkcheckError(Exception):
    """Something the user can mend: the message names the thing and the remedy."""


class UnavailableError(LinkcheckError):
    """This machine lacks something that was asked for: the fixtures turn it into a skip."""


def hides_traceback(excinfo: object) -> bool:
    """Tell pytest to leave our own frames out of a traceback whose message says it all.

    Bound to a module's `__tracebackhide__`; other errors are faults of ours and stay whole.
    """
    return isinstance(getattr(excinfo, "value", None), (LinkcheckError, AssertionError))
