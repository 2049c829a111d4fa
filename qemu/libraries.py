"""Finds what a dynamic program needs, as the loader that it names would.

glibc: ld.so(8). musl: its manual, "Dynamic linker", and /etc/ld-musl-ARCH.path.
Variants of libraries for newer CPUs (glibc-hwcaps) are not looked for.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import dataclasses
import os
import posixpath
import re
import struct

import elf

GLIBC_CACHE = "/etc/ld.so.cache"
GLIBC_PRELOAD = "/etc/ld.so.preload"
# glibc loads it by itself when a thread is cancelled or ends by pthread_exit.
GLIBC_UNWINDER = "libgcc_s.so.1"
# Debian's and others'; a directory that is not there does no harm.
GLIBC_DIRS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64",
              "/lib", "/usr/lib")
MUSL_PATH = "/etc/ld-musl-x86_64.path"
MUSL_DIRS = ("/lib", "/usr/local/lib", "/usr/lib")
# All in musl's one file.
MUSL_OWN = re.compile(r"lib(c|pthread|rt|m|dl|util|xnet|resolv|crypt)\.(so|so\..*)$")
LIB = "lib/x86_64-linux-gnu"  # what $LIB stands for


@dataclasses.dataclass
class _Object:
    """A program or library, and which one loads it."""

    path: str
    elf: elf.Elf
    parent: "_Object" = None


class Libraries:
    """Adds programs' needs to a guest.

    guest: a guest.Guest; environment: the programs', as a dictionary; missing:
    called with a message for each library that is not to be had.
    """

    def __init__(self, guest, environment, missing):
        self._guest, self._missing = guest, missing
        self._library_path = re.split("[:;]", environment.get("LD_LIBRARY_PATH", ""))
        self._preload = re.split("[: ]", environment.get("LD_PRELOAD", ""))
        self._done = set()  # (path, musl): objects whose needs are there
        self._told = set()
        self._cache = None

    def add_program(self, path):
        """Add what the program at a guest path needs, itself being there. Returns a
        message if the file cannot be read as far as that, else None."""
        return self._add(path, program=True)

    def add_object(self, path):
        """The same for a file that programs may load by dlopen; nothing if it is
        not a program or a shared object."""
        return self._add(path, program=False)

    def _add(self, path, program):
        data = self._guest.find(path) or b""
        if not elf.is_elf(data):
            return None
        try:
            file = elf.parse(data)
        except elf.ElfError as error:
            if isinstance(error, elf.NotLoadable) and not program:
                return None
            return f"{path}: {error}: what it needs is not collected"
        if not file.dynamic:
            return None
        musl = self._is_musl(file)
        if file.interpreter:
            if self._guest.find(file.interpreter) is None:
                self._miss(f"{path} needs the loader {file.interpreter}, which is not on this machine")
                return None
            self._guest.add(file.interpreter)
            if not musl:
                for extra in (GLIBC_CACHE, GLIBC_PRELOAD):
                    if self._guest.find(extra) is not None:
                        self._guest.add(extra)
        top = _Object(path, file)
        loaded = {posixpath.basename(file.interpreter)} if file.interpreter else set()
        queue = [top]
        if program and file.interpreter:
            queue += [self._load(name, top, loaded, musl) for name in self._preload if name]
        self._needs(queue, loaded, musl)
        if program and file.interpreter and not musl:
            self._needs([self._load(GLIBC_UNWINDER, top, loaded, musl, optional=True)], loaded, musl)
        return None

    @staticmethod
    def _is_musl(file):
        if file.interpreter:
            return posixpath.basename(file.interpreter).startswith("ld-musl")
        return "libc.so" in file.needed

    def _needs(self, queue, loaded, musl):
        """Breadth first, as loaders do: an earlier library of a name counts."""
        while queue:
            user = queue.pop(0)
            if not user or (user.path, musl) in self._done:
                continue
            self._done.add((user.path, musl))
            for name in user.elf.needed:
                queue.append(self._load(name, user, loaded, musl))

    def _load(self, name, user, loaded, musl, optional=False):
        """Add the library of a name that user needs; None if it was loaded before, or
        is not to be had."""
        if name in loaded or (musl and MUSL_OWN.match(name)):
            return None
        for host in (False, True):
            for path in self._candidates(name, user, musl):
                data = self._guest.find(path, host)
                if data is None:
                    continue
                try:
                    file = elf.parse(data)
                except elf.OtherElf:
                    continue  # as loaders do
                except elf.ElfError as error:
                    self._miss(f"{path}, needed by {user.path}: {error}")
                    return None
                loaded.add(name)
                if file.soname:
                    loaded.add(file.soname)
                self._guest.add(path)
                return _Object(path, file, user)
        if not optional:
            self._miss(f"{user.path} needs {name}, which is not on this machine")
        return None

    def _candidates(self, name, user, musl):
        if "/" in name:
            yield _expand(name, user)
            return
        for folder in self._folders(user, musl):
            yield posixpath.join(folder, name)
        if user.elf.no_default and not musl:
            return
        if musl:
            own = self._guest.find(MUSL_PATH)
            if own is not None:
                self._guest.add(MUSL_PATH)
            folders = re.split("[:\n]", os.fsdecode(own)) if own is not None else MUSL_DIRS
        else:
            yield from self._cached(name)
            folders = GLIBC_DIRS
        for folder in folders:
            if folder:
                yield posixpath.join(folder, name)

    def _folders(self, user, musl):
        """By the objects' own paths and the environment."""
        environment = [_expand(f, user) for f in self._library_path if f]
        if musl:
            yield from environment
            while user:
                yield from _split(user.elf.runpath or user.elf.rpath, user)
                user = user.parent
            return
        if user.elf.runpath is None:
            chain = user
            while chain:
                if chain.elf.runpath is None:
                    yield from _split(chain.elf.rpath, chain)
                chain = chain.parent
        yield from environment
        yield from _split(user.elf.runpath, user)

    def _cached(self, name):
        if self._cache is None:
            self._cache = parse_cache(self._guest.find(GLIBC_CACHE) or b"")
        return self._cache.get(name, ())

    def _miss(self, text):
        if text not in self._told:
            self._told.add(text)
            self._missing(text)


def _split(folders, user):
    return [_expand(f or ".", user) for f in (folders or "").split(":")] if folders else []


def _expand(text, user):
    values = {"ORIGIN": posixpath.dirname(user.path), "LIB": LIB, "PLATFORM": "x86_64"}
    return re.sub(r"\$(?:\{(\w+)\}|(ORIGIN|LIB|PLATFORM))",
                  lambda m: values.get(m[1] or m[2], m[0]), text)


def parse_cache(data):
    """Names and lists of paths in an ld.so.cache of glibc, in its format 1.1; empty if
    it is not one. glibc, sysdeps/generic/dl-cache.h."""
    HEADER, ENTRY, X86_64_LIBC6 = 48, 24, 0x0303
    magic = data.find(b"glibc-ld.so.cache1.1")
    if magic < 0 or magic + HEADER > len(data):
        return {}
    data = data[magic:]
    (count,) = struct.unpack_from("<I", data, 20)
    if HEADER + count * ENTRY > len(data):
        return {}

    def string(offset):
        end = data.find(b"\0", offset)
        return os.fsdecode(data[offset:end]) if end >= 0 else ""

    names = {}
    for i in range(count):
        flags, key, value, _, hwcap = struct.unpack_from("<IIIIQ", data, HEADER + i * ENTRY)
        if flags == X86_64_LIBC6 and not hwcap:
            names.setdefault(string(key), []).append(string(value))
    return names
