"""The guest's file tree: files of this machine, at their paths, with the symbolic
links on the way.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import posixpath
import stat

import cpio

MAX_LINKS = 40  # as Linux has it


class GuestError(Exception):
    """A file cannot be had: the message says which and why."""


class _Special(GuestError):
    """A device, a FIFO or a socket."""


class Guest:
    """What will be in the initrd. What is there already, from a tree that was made
    the root, comes before this machine's.
    """

    def __init__(self, note=lambda text: None):
        self.archive = cpio.Archive()
        self._note = note  # called with a line on what was left out

    def add_tree(self, host, guest="/"):
        """Add a directory of this machine with all that is in it, at a guest path.
        Returns the guest paths of its regular files."""
        files = []
        prefix = posixpath.normpath("/" + guest).lstrip("/")

        def fail(error):
            raise GuestError(f"{error.filename}: {error.strerror}")

        for folder, subfolders, names in os.walk(host, onerror=fail):
            subfolders.sort()
            at = posixpath.join(prefix, os.path.relpath(folder, host))
            at = "" if posixpath.normpath(at) == "." else posixpath.normpath(at)
            if at:
                status = os.lstat(folder)
                self.archive.add_directory(at, stat.S_IMODE(status.st_mode), status.st_mtime)
            # Links to directories are among the subfolders.
            for name in sorted(names + [s for s in subfolders
                                        if os.path.islink(os.path.join(folder, s))]):
                path = posixpath.join(at, name)
                here = os.path.join(folder, name)
                try:
                    if self._add_one(here, path):
                        files.append("/" + path)
                except _Special:
                    self._note(f"{here}: left out: neither a file, a directory nor a symbolic "
                               "link")
        return files

    def add_file(self, host, guest):
        """Add a file of this machine, or what a link there leads to, at a guest path."""
        data, status = read_file(host)
        self.archive.add(guest, data, stat.S_IMODE(status.st_mode), status.st_mtime)

    def add(self, path):
        """Add the file that a path leads to, here and in the guest, with the symbolic
        links on the way. Returns its path without links. Raises GuestError."""
        return self._walk(path, self._copy)

    def find(self, path, host=True):
        """The contents of the file that a path leads to, in the guest, or else (if
        host) on this machine; None if there is no such regular file."""
        try:
            found = self._walk(path, lambda _: None)
            return self.archive.get(found).data
        except GuestError:
            pass
        if host:
            try:
                return read_file(path)[0]
            except GuestError:
                pass
        return None

    def _walk(self, path, missing):
        """Follow a path in the guest; missing(PATH) may make what is not there."""
        todo, here, links = _parts(path), [], 0
        member = None
        while todo:
            name = todo.pop(0)
            if name == "..":
                del here[-1:]
                continue
            at = "/".join([*here, name])
            if not self.archive.get(at):
                missing(at)
            member = self.archive.get(at)
            if not member:
                raise GuestError(f"{path}: No such file or directory")
            if stat.S_ISLNK(member.mode):
                links += 1
                if links > MAX_LINKS:
                    raise GuestError(f"{path}: too many symbolic links")
                target = os.fsdecode(member.data)
                here = [] if target.startswith("/") else here
                todo = _parts(target) + todo
            elif stat.S_ISDIR(member.mode):
                here.append(name)
            elif todo:
                raise GuestError(f"{path}: Not a directory")
            else:
                return "/" + at
        raise GuestError(f"{path}: Is a directory")

    def _copy(self, path):
        host = "/" + path
        if os.path.isdir(host) and not os.path.islink(host):
            # Not asked for, just on the way.
            self.archive.add_directory(path)
        else:
            self._add_one(host, path)

    def _add_one(self, host, path):
        """Add a file or link; True if it is a regular file."""
        try:
            status = os.lstat(host)
            if stat.S_ISLNK(status.st_mode):
                self.archive.add_link(path, os.readlink(host), status.st_mtime)
                return False
        except OSError as error:
            raise GuestError(f"{host}: {error.strerror}") from None
        if not stat.S_ISREG(status.st_mode):
            raise _Special(f"{host}: not a regular file")
        self.add_file(host, path)
        return True


def _parts(path):
    return [p for p in path.split("/") if p not in ("", ".")]


def read_file(path):
    """(data, status) of a regular file of this machine."""
    try:
        # Not blocked by a FIFO.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISDIR(status.st_mode):
                raise GuestError(f"{path}: Is a directory")
            if not stat.S_ISREG(status.st_mode):
                raise GuestError(f"{path}: not a regular file")
            return file.read(), status
    except OSError as error:
        raise GuestError(f"{path}: {error.strerror}") from None
