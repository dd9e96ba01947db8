"""How names, sizes and devices are written in every message."""

import os

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def show_name(name: object) -> str:
    r"""Return *name* in printable form: control characters and undecodable bytes become escapes.

    A file name may hold anything but NUL and a slash, so a name that is printed as it is can
    clear the reader's screen or fake a line of output.
    """
    text = os.fspath(name) if isinstance(name, (bytes, os.PathLike)) else str(name)
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def show_home(path: object) -> str:
    """Return *path* as `show_name` does, with `~` for the home folder of whoever asks."""
    text, home = show_name(path), os.path.expanduser("~")  # noqa: PTH111 - Path's may raise
    if len(home) > 1 and text.startswith(f"{home}{os.sep}"):
        return f"~{text[len(home) :]}"
    return text


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def show_size(count: int) -> str:
    """Return *count* bytes in the decimal unit that keeps it under a thousand."""
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    value, unit = float(count), 0
    while value >= 999.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:,.1f} {_UNITS[unit]}"


def show_count(count: int, noun: str) -> str:
    """Return *count* with *noun* in the right number: `1 file`, `1,204 files`."""
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {plural}"


def show_device(device: int) -> str:
    """Return the device number *device* as `major:minor`, as mountinfo and `lsblk` write it.

    Where device numbers have no two parts (Windows), it is shown as it is.
    """
    if not hasattr(os, "major"):
        return str(device)
    return f"{os.major(device)}:{os.minor(device)}"
