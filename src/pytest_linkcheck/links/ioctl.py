"""ioctl(2), which not every system has."""

import errno


def ioctl(descriptor: int, request: int, argument: int | bytearray = 0) -> int:
    """Do what `fcntl.ioctl` does; raises `OSError` with ENOSYS where there is none."""
    try:
        import fcntl  # noqa: PLC0415 - as the docstring says
    except ImportError:
        raise OSError(errno.ENOSYS, "not supported on this system") from None
    return int(fcntl.ioctl(descriptor, request, argument))
