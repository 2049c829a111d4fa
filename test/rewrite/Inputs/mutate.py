"""Damages headers, symbols and relocations of objects, one field at a time, and holds
what the rewriter takes against what a linker and a reader of ELF say.

    mutate.py SEGSHIFT READELF SCRATCH OBJECT...

An object that `ld -r` or llvm-readelf complains of has to be refused. Prints the counts.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import struct
import subprocess
import sys

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL, RELA = struct.Struct("<IBBHQQ"), struct.Struct("<QIIq")
NAME, TYPE, FLAGS, ADDR, OFFSET, SIZE, LINK, INFO, ALIGN, ENTSIZE = range(10)
SYMTAB, STRTAB, RELOCATIONS, NOBITS, GROUP = 2, 3, 4, 8, 17


def mutants(data):
    """(what, bytes) of each damaged copy."""
    def patch(at, form, value):
        size = struct.calcsize(form)
        return data[:at] + struct.pack(form, value) + data[at + size:]

    head = HEADER.unpack_from(data)
    start, count = head[6], head[12]
    sections = [SECTION.unpack_from(data, start + 64 * i) for i in range(count)]
    for value in (0, 1, count - 1, count, 0xfff0):
        yield f"e_shstrndx={value}", patch(62, "<H", value)
    for value in (1, count + 1, 0xff00):
        yield f"e_shnum={value}", patch(60, "<H", value)
    for value in (start + 8, len(data) - 1, 1 << 62):
        yield f"e_shoff={value}", patch(40, "<Q", value)
    fields = {"sh_name": (0, "<I"), "sh_type": (4, "<I"), "sh_offset": (24, "<Q"),
              "sh_size": (32, "<Q"), "sh_link": (40, "<I"), "sh_info": (44, "<I"),
              "sh_addralign": (48, "<Q"), "sh_entsize": (56, "<Q")}
    for index, section in enumerate(sections):
        tables = section[TYPE] in (SYMTAB, STRTAB, RELOCATIONS, GROUP)
        for field, (at, form) in fields.items():
            values = {"sh_name": (1 << 20,), "sh_offset": (len(data), 1 << 63),
                      "sh_size": (section[SIZE] + (1 << 30),), "sh_addralign": (3,),
                      "sh_link": (count, 1 << 31), "sh_info": (), "sh_entsize": (),
                      "sh_type": ()}[field]
            if tables:
                values += {"sh_link": (0, 1, index), "sh_info": (0, index, count, 1 << 31),
                           "sh_entsize": (0, 7, 1 << 60), "sh_type": (0, 1, 9),
                           "sh_size": (section[SIZE] - 1, section[SIZE] + 1),
                           "sh_offset": (section[OFFSET] + 4,)}.get(field, ())
            for value in values:
                if index and value >= 0 and not (section[TYPE] == NOBITS and
                                                 field in ("sh_size", "sh_offset")):
                    yield (f"[{index}] type {section[TYPE]} {field}={value:#x}",
                           patch(start + 64 * index + at, form, value))
        entries = {SYMTAB: SYMBOL.size, RELOCATIONS: RELA.size, GROUP: 4}.get(section[TYPE])
        if not entries:
            continue
        number = section[SIZE] // entries
        symbols = next(s[SIZE] // SYMBOL.size for s in sections if s[TYPE] == SYMTAB)
        for entry in sorted({0, 1, number // 2, number - 1} & set(range(number))):
            at = section[OFFSET] + entry * entries
            where = f"[{index}] type {section[TYPE]} entry {entry}"
            if section[TYPE] == SYMTAB and entry:
                yield f"{where} st_name", patch(at, "<I", 1 << 24)
                for value in (count, 0xfe00, 0xff10, 0xffff):
                    yield f"{where} st_shndx={value:#x}", patch(at + 6, "<H", value)
                yield f"{where} binding", patch(at + 4, "<B", data[at + 4] ^ 0x10)
            elif section[TYPE] == RELOCATIONS:
                target = sections[section[INFO]][SIZE]
                for value in (target, target - 1, 1 << 40, 1 << 63):
                    yield f"{where} r_offset={value:#x}", patch(at, "<Q", value)
                for value in (symbols, 0xffffff, 0xffffffff):
                    yield f"{where} symbol={value:#x}", patch(at + 12, "<I", value)
                for value in (5, 8, 38, 60, 200, 0xffffffff):
                    yield f"{where} type={value}", patch(at + 8, "<I", value)
            elif section[TYPE] == GROUP and entry:
                for value in (0, count, 1 << 30):
                    yield f"{where} member={value:#x}", patch(at, "<I", value)
        if section[TYPE] == STRTAB:
            yield f"[{index}] end of names", patch(section[OFFSET] + section[SIZE] - 1, "<B", 65)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300)
    return done.returncode, done.stdout + done.stderr


def complaints(readelf, path):
    status, text = run(["ld", "-r", path, "-o", "linked"])
    said = [text.strip().splitlines()[0]] if status else []
    status, text = run([readelf, "-S", "-s", "-r", "-g", "-h", path])
    return said + [line for line in text.splitlines() if re.search("warning:|error:", line)]


def main():
    tool, readelf, scratch, *objects = sys.argv[1:]
    os.makedirs(scratch, exist_ok=True)
    os.chdir(scratch)
    what = {}
    for which, path in enumerate(objects):
        with open(path, "rb") as file:
            data = file.read()
        for index, (how, bad) in enumerate(mutants(data)):
            name = f"{which}-{index}.o"
            with open(name, "wb") as file:
                file.write(bad)
            what[name] = f"{os.path.basename(path)} {how}"
    names = sorted(what)
    status, text = run([tool, "rewrite", "--verify", "--dump-plan", *names])
    if status not in (1, 2):
        sys.exit(f"exit status {status} for damaged files\n{text[-2000:]}")
    refused = set(re.findall(r"error: (\d+-\d+\.o):", text))
    taken = [name for name in names if name not in refused]
    wrong = 0
    for name in taken:
        said = complaints(readelf, name)
        if said:
            print(f"taken: {what[name]} ({name}): {said[0]}")
            wrong += 1
    print(f"{len(names)} damaged files: {len(refused)} refused, {len(taken)} taken, "
          f"{wrong} of them wrongly")
    sys.exit(wrong != 0)


main()
