"""Writes cpio archives in the "newc" format, as the kernel takes its initrd.

Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import stat


class Archive:
    """Files by guest path; parent directories are made by themselves.

    The bytes depend on nothing but what was added (times and owners are zero),
    so that the same run boots the same archive.
    """

    def __init__(self):
        self._members = {}  # path without leading slash: (mode, data)

    def add(self, path, data, mode=0o644):
        """Add a regular file: path as str or bytes, absolute or not; data as bytes."""
        name = os.fsdecode(path)
        path = os.path.normpath(os.fsencode(path)).lstrip(b"/")
        parts = path.split(b"/")
        if not path or parts[0] in (b".", b".."):
            raise ValueError(f"not a file's path in the guest: {name!r}")
        for end in range(1, len(parts)):
            self._put(b"/".join(parts[:end]), stat.S_IFDIR | 0o755, b"")
        self._put(path, stat.S_IFREG | mode, data)

    def _put(self, path, mode, data):
        before = self._members.get(path)
        if before and stat.S_IFMT(before[0]) != stat.S_IFMT(mode):
            raise ValueError(f"{os.fsdecode(path)!r} is both a file and a directory")
        self._members[path] = (mode, data)

    def __bytes__(self):
        """The archive. Raises ValueError if a file has 4 GiB or more."""
        chunks = []
        for inode, (path, (mode, data)) in enumerate(self._members.items(), start=1):
            chunks.append(_member(inode, path, mode, data))
        chunks.append(_member(0, b"TRAILER!!!", 0, b""))
        return b"".join(chunks)


def _member(inode, path, mode, data):
    if len(data) >= 1 << 32:
        raise ValueError(f"{os.fsdecode(path)!r}: 4 GiB or more do not fit in the format")
    links = 2 if stat.S_ISDIR(mode) else 1
    # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
    # namesize check
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0)
    header = b"070701" + b"".join(b"%08x" % f for f in fields)
    return _pad(header + path + b"\0") + _pad(data)


def _pad(data):
    return data + bytes(-len(data) % 4)
