"""Writes cpio archives in the "newc" format, as the kernel takes its initrd.

Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import dataclasses
import os
import posixpath
import stat


@dataclasses.dataclass
class Member:
    """A file, directory or symbolic link."""

    mode: int  # st_mode: type and permissions
    time: int = 0  # of modification, seconds since 1970
    data: bytes = b""  # contents, or a link's target


class Archive:
    """Members by guest path (str or bytes, absolute or not); parent directories are
    made by themselves. Owners are zero, and so are times that are not given: the
    bytes depend on nothing but what was added.
    """

    def __init__(self):
        self._members = {}  # by path without leading slash, as bytes

    def add(self, path, data, mode=0o644, time=0):
        """Add a regular file, or replace one."""
        self._put(path, Member(stat.S_IFREG | mode, time, data))

    def add_directory(self, path, mode=0o755, time=0):
        """Add a directory, or change the one that is there."""
        self._put(path, Member(stat.S_IFDIR | mode, time))

    def add_link(self, path, target, time=0):
        """Add a symbolic link, or replace one."""
        self._put(path, Member(stat.S_IFLNK | 0o777, time, os.fsencode(target)))

    def get(self, path):
        """The member at exactly this path, links not followed; or None."""
        return self._members.get(_name(path))

    def paths(self):
        """All members' paths as str, without leading slash."""
        return [os.fsdecode(path) for path in self._members]

    def _put(self, path, member):
        name = _name(path)
        parts = name.split(b"/")
        if not name or parts[0] in (b".", b".."):
            raise ValueError(f"not a file's path in the guest: {os.fsdecode(path)!r}")
        for end in range(1, len(parts)):
            parent = b"/".join(parts[:end])
            if parent not in self._members:
                self._members[parent] = Member(stat.S_IFDIR | 0o755)
            elif not stat.S_ISDIR(self._members[parent].mode):
                _refuse(parent, self._members[parent].mode, stat.S_IFDIR)
        before = self._members.get(name)
        if before and stat.S_IFMT(before.mode) != stat.S_IFMT(member.mode):
            _refuse(name, before.mode, member.mode)
        self._members[name] = member

    def __bytes__(self):
        """The archive. Raises ValueError if a file has 4 GiB or more."""
        chunks = []
        for inode, (path, member) in enumerate(self._members.items(), start=1):
            chunks += _member(inode, path, member)
        chunks += _member(0, b"TRAILER!!!", Member(0))
        return b"".join(chunks)


def _name(path):
    return posixpath.normpath(os.fsencode(path)).lstrip(b"/")


def _refuse(path, *modes):
    names = {stat.S_IFDIR: "a directory", stat.S_IFLNK: "a symbolic link",
             stat.S_IFREG: "a file"}
    # The directory last: "both a file and a directory".
    kinds = sorted((names[stat.S_IFMT(m)] for m in modes), key=lambda k: k == "a directory")
    raise ValueError(f"{os.fsdecode(path)!r} is both {' and '.join(kinds)}")


def _member(inode, path, member):
    if len(member.data) >= 1 << 32:
        raise ValueError(f"{os.fsdecode(path)!r}: 4 GiB or more do not fit in the format")
    links = 2 if stat.S_ISDIR(member.mode) else 1
    time = min(max(int(member.time), 0), 0xFFFFFFFF)
    # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
    # namesize check
    fields = (inode, member.mode, 0, 0, links, time, len(member.data), 0, 0, 0, 0,
              len(path) + 1, 0)
    header = b"070701" + b"".join(b"%08x" % f for f in fields) + path + b"\0"
    return header, _pad(header), member.data, _pad(member.data)


def _pad(data):
    return bytes(-len(data) % 4)
