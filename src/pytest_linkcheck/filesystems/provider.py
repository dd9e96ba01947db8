"""Making filesystems: each place once for the processes of a run, all undone when they end."""

import atexit
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pytest_linkcheck.errors import LinkcheckError, UnavailableError
from pytest_linkcheck.links.show import show_name
from pytest_linkcheck.once import noting
from pytest_linkcheck.steps import step

from .claims import Claim, clear_leftovers
from .crew import Crew, Made
from .filesystem import Filesystem, Override, look_at, refuse_false_name
from .filling import keep_full
from .fuse import mount_exfat
from .holders import unmount_below
from .images import RECIPES, SIZE, make_image, mount_image
from .layers import bind, make_subvolume, overlay, read_only, tmpfs
from .namespace import Privacy, enter_namespace, rights
from .places import Kind, Place, parse_place
from .watchdog import Helper

# Tests write to the last byte of the one; the other ends with the process that serves it.
_ALONE = frozenset({Kind.FULL, Kind.NOLINK})
_NO_MOUNT = frozenset({Kind.DEFAULT, Kind.OWN})
_FULL_SIZE = 512 << 20  # of a full image: enough for xfs, which takes no less than 300 MB


class Filesystems:
    """Hands out places. What it makes lies below *parent* and is gone when it is closed.

    In a process with a mount namespace of its own nobody else sees the mounts, and the kernel
    ends them with the process, whatever kills it.
    """

    def __init__(
        self, parent: Path, own: Mapping[str, Path] | None = None, crew: Crew | None = None
    ) -> None:
        """Make places below *parent*; *own* are the folders that the user gave names to.

        *crew* are the processes that places are shared with, unless they are made fresh.
        """
        self._parent = parent
        self._crew = crew
        self._is_for_all = False  # what is being made
        self._own = dict(own or {})
        self._claims: dict[Path, Claim] = {}
        self._shared: dict[str, Filesystem] = {}
        self.override: Override | None = None
        self._watchdog: Helper | None = None
        self._servers: list[Helper] = []
        self._owner = os.getpid()
        atexit.register(self.close)
        clear_leftovers()

    def get(self, name: str | Place, *, fresh: bool = False, size: int | None = None) -> Filesystem:
        """Return the place *name*, made now if no process of the run has asked for it before.

        *fresh* makes a new one in any case, *size* says of how many bytes that is if it is an
        image. Raises `UnavailableError` for what this machine cannot make, `LinkcheckError` for
        what is no place, and for a size of what others use too.
        """
        place = name if isinstance(name, Place) else parse_place(name, self._own)
        if size is not None and not fresh:
            raise LinkcheckError(
                f"{place}: the one that other tests use has its size; get one of your own by "
                f"fresh=True, size={size}"
            )
        if not fresh and place.name in self._shared:
            return self._shared[place.name]
        with step(f"making {place}"):
            if not fresh and self._crew and self._may_be_shared(place, self._crew):
                made = self._share(place, self._crew)
            else:
                made = self._make_alone(place, fresh=fresh, size=size)
        made.override = self.override
        if not fresh:
            self._shared[place.name] = made
        return made

    def folders(self) -> list[Path]:
        """Return the folders on all places that were made for a test, and not to be kept."""
        return [folder for made in self._shared.values() for folder in made.folders]

    def remove(self, folders: Iterable[Path]) -> None:
        """Remove *folders* of these places: the room is for the next test."""
        gone = set(folders)
        for made in self._shared.values():
            for folder in made.folders:
                if folder in gone:
                    shutil.rmtree(folder, ignore_errors=True)
            made.folders = [folder for folder in made.folders if folder not in gone]

    def close(self) -> None:
        """Unmount all that was made here, and remove it.

        Raises `LinkcheckError` if a mount is held by a process that is still running, and says by
        which; it is out of sight then, and ends with that process.
        """
        if os.getpid() != self._owner:  # a child by fork: nothing of this is its own
            return
        atexit.unregister(self.close)
        told: list[str] = []
        for claim in self._claims.values():
            told += unmount_below(claim.folder)
            claim.release()
        for server in self._servers:
            server.dismiss()
        self._servers.clear()
        self._claims.clear()
        self._shared.clear()
        if self._crew:
            self._crew.leave(lambda folder: told.extend(unmount_below(folder)))
            clear_leftovers()  # of those that died in the common namespace
        if self._watchdog:
            self._watchdog.dismiss()
        if told:
            raise LinkcheckError("\n".join(told))

    def _may_be_shared(self, place: Place, crew: Crew) -> bool:
        if place.kind in _ALONE or (place.over and not self._may_be_shared(place.over, crew)):
            return False
        if place.kind in _NO_MOUNT:
            return True
        return crew.can_enter() and crew.enter() is not Privacy.NONE

    def _share(self, place: Place, crew: Crew) -> Filesystem:
        """Return the place that all processes use, made now if none of them has made it."""
        with crew.open() as common:
            if told := common.places.get(place.name):
                return look_at(place, Path(told.path), Path(told.behind) if told.behind else None)
            with noting(crew.log, "filesystem", place.name):
                outer, self._is_for_all = self._is_for_all, True
                try:
                    made = self._make(place, fresh=False, size=None)
                finally:
                    self._is_for_all = outer
            behind = None if made.behind_path is None else str(made.behind_path)
            mounted = place.kind not in _NO_MOUNT
            common.places[place.name] = Made(str(made.path), behind, mounted)
            return made

    def _make_alone(self, place: Place, *, fresh: bool, size: int | None) -> Filesystem:
        outer, self._is_for_all = self._is_for_all, False
        try:
            return self._make(place, fresh=fresh, size=size)
        finally:
            self._is_for_all = outer

    def _make(self, place: Place, *, fresh: bool, size: int | None) -> Filesystem:
        match place.kind:
            case Kind.DEFAULT:
                return look_at(place, self._new_folder(self._home(), "default"))
            case Kind.OWN:
                return self._own_folder(place)
            case kind if kind in RECIPES:
                return self._make_image(place, size)
            case Kind.TMPFS:
                return self._mount(place, tmpfs)
            case Kind.FULL:
                return self._make_full(place)
            case _:
                return self._make_over(place, self._base(place, fresh=fresh, size=size))

    def _base(self, place: Place, *, fresh: bool, size: int | None) -> Filesystem:
        if place.over is None:
            raise LinkcheckError(f"{place} lies over nothing")
        return self.get(place.over, fresh=fresh, size=size)

    def _make_over(self, place: Place, base: Filesystem) -> Filesystem:
        if place.kind is Kind.SUBVOLUME:
            path = base.folder("subvolumes", keep=True) / "subvolume"
            make_subvolume(path)
            return look_at(place, path)
        behind = base.folder(place.kind.value, keep=True)
        if place.kind is Kind.OVERLAY:
            return self._mount(place, lambda point: overlay(behind, point), behind / "upper")
        show = bind if place.kind is Kind.BIND else read_only
        return self._mount(place, lambda point: show(behind, point), behind)

    def _make_image(self, place: Place, size: int | None) -> Filesystem:
        if self._enter() is Privacy.USER:
            raise UnavailableError(
                f"{place} needs a loop device, and only root has those: run as root, or name a "
                f"folder on such a filesystem: --linkcheck-filesystem {place}=PATH"
            )
        image = self._home() / f"image-{secrets.token_hex(4)}"
        return self._mount(
            place,
            lambda point: make_image(
                place.kind,
                image,
                lambda device: self._show(place, device, point),
                size=size or SIZE,
            ),
        )

    def _show(self, place: Place, device: Path, point: Path) -> None:
        if place.kind is not Kind.NOLINK:
            mount_image(place.kind, device, point)
        elif server := mount_exfat(device, point):
            self._servers.append(server)

    def _make_full(self, place: Place) -> Filesystem:
        left = place.left or 0
        if place.over is None or place.over.kind is Kind.TMPFS:
            return self._mount(place, lambda point: tmpfs(point, size=left))
        base = self.get(place.over, fresh=True, size=_FULL_SIZE + left)
        made = look_at(place, base.path)
        made.settle = lambda filesystem: keep_full(filesystem.path, left)
        return made

    def _mount(
        self, place: Place, mount: Callable[[Path], None], behind: Path | None = None
    ) -> Filesystem:
        """Return the place that *mount* makes of a new folder."""
        if self._enter() is Privacy.NONE and self._watchdog is None:
            self._home()
            self._watchdog = Helper("clear_up", str(self._claims[self._parent].entry))
        point = self._new_folder(self._home(), place.kind.value)
        with rights():
            mount(point)
        return look_at(place, point, behind)

    def _own_folder(self, place: Place) -> Filesystem:
        path = place.path or Path()
        called = show_name(place.name if place.name == str(path) else f"{place}={path}")
        if not path.is_dir():
            raise LinkcheckError(f"{called}: there is no such folder")
        try:
            folder = self._new_folder(self._claim(path), place.kind.name.lower())
        except OSError as error:
            raise LinkcheckError(
                f"{called}: no folder can be made there: {error.strerror}"
            ) from None
        made = look_at(place, folder)
        refuse_false_name(made)
        return made

    def _home(self) -> Path:
        """Return the folder of this process below that of the run."""
        try:
            if self._is_for_all and self._crew:
                return self._crew.home()
            return self._claim(self._parent)
        except OSError as error:
            raise UnavailableError(
                f"no folder can be made in {show_name(self._parent)}: {error.strerror}; choose "
                "another --basetemp"
            ) from None

    def _claim(self, parent: Path) -> Path:
        """Return the folder in *parent* of this process, or of all."""
        if self._is_for_all and self._crew:
            return self._crew.claim(parent)
        if parent not in self._claims:
            self._claims[parent] = Claim(parent, "linkcheck")
        return self._claims[parent].folder

    @staticmethod
    def _new_folder(parent: Path, label: str) -> Path:
        """Return a new folder, of a name that no other has had: it tells places apart for good."""
        folder = parent / f"{label}-{secrets.token_hex(4)}"
        folder.mkdir()
        return folder

    def _enter(self) -> Privacy:
        crew = self._crew if self._crew and self._crew.can_enter() else None
        privacy = crew.enter() if crew else enter_namespace()
        for made in self._shared.values():
            made.look_again()  # in a new namespace every mount has a new number
        return privacy
