"""Names: hard links, symlinks, mounts, and what is no file."""

import os
import socket

from support.mounting import bound, mounted, run

from .case import Paths, Site, case, noise

DATA = noise(10_000)


@case("hardlink")
def hard_link_in_one_folder(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    os.link(a, b)
    return a, b


@case("hardlink")
def hard_links_in_several_folders(site: Site) -> Paths:
    a = site.file("one/a", DATA)
    for name in ("two", "three"):
        (site.folder / name).mkdir()
        os.link(a, site.folder / name / "b")
    return a, site.folder / "three" / "b"


@case("hardlink")
def hard_link_of_an_empty_file(site: Site) -> Paths:
    a, b = site.file("a", b""), site.folder / "b"
    os.link(a, b)
    return a, b


@case("hardlink")
def hard_link_with_a_hostile_name(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b\n\x1b[2J\udcff"
    os.link(a, b)
    return a, b


@case("hardlink", root=True)
def hard_link_across_a_bind_mount(site: Site) -> Paths:
    a = site.file("one/a", DATA)
    os.link(a, site.folder / "one" / "b")
    point = site.folder / "point"
    point.mkdir()
    site.stack.enter_context(bound(site.folder / "one", point))
    return a, point / "b"


@case("hardlink", root=True)
def one_name_through_two_mounts(site: Site) -> Paths:
    a, point = site.file("one/a", DATA), site.folder / "point"
    point.mkdir()
    site.stack.enter_context(bound(site.folder / "one", point))
    return a, point / "a"


@case("hardlink", root=True)
def one_file_bound_to_another_name(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", b"hidden")
    site.stack.enter_context(bound(a, b))
    return a, b


@case("symlink")
def relative_symlink(site: Site) -> Paths:
    a, b = site.file("one/a", DATA), site.folder / "b"
    b.symlink_to("./one/../one/a")
    return a, b


@case("symlink")
def absolute_symlink(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    b.symlink_to(a)
    return b, a


@case("symlink")
def chain_of_symlinks(site: Site) -> Paths:
    a = site.file("a", DATA)
    for number, target in enumerate(["a", "link0", "link1"]):
        (site.folder / f"link{number}").symlink_to(target)
    return a, site.folder / "link2"


@case("symlink")
def two_symlinks_to_one_file(site: Site) -> Paths:
    site.file("file", DATA)
    for name in ("a", "b"):
        (site.folder / name).symlink_to("file")
    return site.folder / "a", site.folder / "b"


@case("symlink")
def symlink_to_another_name_of_the_file(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    os.link(a, site.folder / "c")
    b.symlink_to("c")
    return a, b


@case("symlink", oracle="one file")
def symlinked_folder_on_the_way(site: Site) -> Paths:
    a, link = site.file("one/a", DATA), site.folder / "two"
    link.symlink_to("one")
    return a, link / "a"


@case("symlink")
def symlink_across_filesystems(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.other / "b"
    b.symlink_to(a)
    return a, b


@case("copy")
def symlink_to_a_copy(site: Site) -> Paths:
    site.file("copy", DATA)
    a, b = site.file("a", DATA), site.folder / "b"
    b.symlink_to("copy")
    return a, b


@case("hardlink")
def dots_after_a_symlinked_folder(site: Site) -> Paths:
    a = site.file("a", DATA)
    (site.folder / "far" / "deep").mkdir(parents=True)
    os.link(a, site.folder / "far" / "a")
    (site.folder / "short").symlink_to("far/deep")
    return a, site.folder / "short" / ".." / "a"


@case("unknown", oracle="one file")
def the_same_path_twice(site: Site) -> Paths:
    a = site.file("a", DATA)
    return a, a.parent / ".." / a.parent.name / "a"


@case("unknown", oracle="nothing there")
def dangling_symlink(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    b.symlink_to("missing")
    return a, b


@case("unknown", oracle="nothing there")
def symlink_loop(site: Site) -> Paths:
    a, b = site.folder / "a", site.folder / "b"
    a.symlink_to("b")
    b.symlink_to("a")
    return a, b


@case("unknown", oracle="nothing there")
def vanished_file(site: Site) -> Paths:
    return site.file("a", DATA), site.folder / "b"


@case("unknown", oracle="no file")
def fifo(site: Site) -> Paths:
    os.mkfifo(site.folder / "b")
    return site.file("a", DATA), site.folder / "b"


@case("unknown", oracle="no file")
def socket_file(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(site.folder)  # the path of a socket may have 107 bytes
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("b")
    finally:
        os.fchdir(here)
        os.close(here)
    return a, b


@case("unknown", oracle="no file", root=True)
def device_node(site: Site) -> Paths:
    b = site.folder / "b"
    os.mknod(b, 0o20644, os.makedev(1, 5))
    return site.file("a", DATA), b


@case("unknown", oracle="no file")
def two_folders(site: Site) -> Paths:
    a, b = site.folder / "a", site.folder / "b"
    a.mkdir()
    b.mkdir()
    return a, b


@case("copy", user="unknown")
def unreadable_copy(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.file("b", DATA)
    b.chmod(0)
    return a, b


@case("copy")
def name_replaced_and_inode_number_used_again(site: Site) -> Paths:
    a, b = site.file("a", DATA), site.folder / "b"
    os.link(a, b)
    b.unlink()
    site.file("gone", DATA).unlink()
    site.file("new", DATA).replace(b)
    return a, b


@case("copy", root=True)
def copy_on_a_folder_hidden_by_a_mount(site: Site) -> Paths:
    a, point = site.file("a", DATA), site.folder / "point"
    site.file("point/b", noise(10_000, 1))
    site.stack.enter_context(mounted("none", point, "-t", "tmpfs"))
    run("cp", a, point / "b")
    return a, point / "b"
