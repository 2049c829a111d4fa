"""The yardstick of the plugin: its output is the plain compiler's, but for the
segment of the instructions that TLS lowering and the stack protector made.

compare_objects() and compare_assembly() return a list of differences, each one
line of text; an empty list means equal.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import collections
import re
import struct
import subprocess

import elf

FS, GS = 0x64, 0x65
# Intel SDM volume 2, 2.1.1: legacy prefixes come before REX, VEX and opcode.
LEGACY_PREFIXES = {0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65, 0x66, 0x67}
# The stack protector's canary: an absolute address without a register.
CANARY = re.compile(r"%fs:(0x28|40)(?![\w(])")


def is_own(section):
    """Whether a section name is one of segshift's, which only the plugin makes."""
    name = section.removeprefix(".rela")
    return name == ".note.segshift" or name.startswith(("segshift", ".segshift"))


def keep_spec(path):
    """{function: count, 'all' or 'every'} of the KEEP-FS lines of a corpus file."""
    spec = {}
    with open(path) as f:
        for line in f:
            if found := re.match(r"[/;]+ KEEP-FS: (.*)", line):
                for word in found[1].split():
                    function, count = word.split("=")
                    spec[function] = int(count) if count.isdigit() else count
    return spec


def check_kept(spec, seen):
    """Check (function, kept, is_canary, text) of every %fs operand against spec."""
    kept_count = collections.Counter()
    for function, kept, is_canary, text in seen:
        rule = spec.get(function, 0)
        kept_count[function] += kept
        if rule == 0 and kept:
            yield f"{function}: did not move: {text}"
        elif rule == "all" and is_canary and kept:
            yield f"{function}: the canary did not move: {text}"
        elif (rule == "every" or rule == "all" and not is_canary) and not kept:
            yield f"{function}: moved, but means FS: {text}"
    for function, rule in spec.items():
        if isinstance(rule, int) and function in kept_count and kept_count[function] != rule:
            yield f"{function}: {kept_count[function]} FS operands stayed, expected {rule}"


def disassemble(objdump, paths):
    """{path: its executable sections, in file order: [(offset, bytes, function, text)]}.
    One process for all: it takes longer to start than to read a file."""
    out = subprocess.run([objdump, "-d", "-z", *paths], check=True, capture_output=True, text=True)
    files, sections, function = {path: [] for path in paths}, [], ""
    for line in out.stdout.splitlines():
        if found := re.match(r"(.*):\tfile format ", line):
            sections = files[found[1]]
        elif line.startswith("Disassembly of section "):
            sections.append([])
        elif line.endswith(">:") and " <" in line:
            # Basic-block sections make parts of a function.
            function = line[line.index(" <") + 2 : -2].split(".__part.")[0]
        elif found := re.match(r" *([0-9a-f]+): ([0-9a-f ]+)\t(.*)", line):
            sections[-1].append(
                (int(found[1], 16), bytes.fromhex(found[2]), function, found[3].replace("\t", " "))
            )
    return files


def compare_code(section, other, instructions, seen):
    """Compare two code sections; note every %fs operand in seen."""
    end = 0
    for offset, code, function, text in instructions:
        where = f"{section.name}+{offset:#x} in {function}: {text}"
        if offset != end:
            yield f"{where}: the disassembly has a gap before it"
        end = offset + len(code)
        new = other.data[offset:end]
        prefixes = 0
        while prefixes < len(code) and code[prefixes] in LEGACY_PREFIXES:
            prefixes += 1
        at = code.find(FS, 0, prefixes)
        if at >= 0 and "%fs:" in text:
            kept = new == code
            if not kept and new != code[:at] + bytes([GS]) + code[at + 1 :]:
                yield f"{where}: {code.hex(' ')} became {new.hex(' ')}"
            seen.append((function, kept, bool(CANARY.search(text)), where))
        elif new != code:
            yield f"{where}: {code.hex(' ')} became {new.hex(' ')}"
    if end != section.size:
        yield f"{section.name}: the disassembly ends at {end:#x} of {section.size:#x}"


class View:
    """An object without segshift's own sections; indices become names."""

    def __init__(self, path):
        self.object = elf.Object(path)
        structural = {elf.SHT_SYMTAB, elf.SHT_STRTAB, elf.SHT_SYMTAB_SHNDX, elf.SHT_LLVM_ADDRSIG}
        self.sections = [
            s for s in self.object.sections if s.type not in structural and not is_own(s.name)
        ]
        self.ordinal = {s.index: n for n, s in enumerate(self.sections)}

    def section_name(self, index):
        if index in self.ordinal:
            return f"section {self.ordinal[index]} {self.object.sections[index].name}"
        return f"special {index:#x}"

    def symbol(self, index):
        s = self.object.symbols[index]
        return (s.name, s.value, s.size, s.info, s.other, self.section_name(s.shndx))

    def symbols(self):
        own = {s.index for s in self.object.sections if is_own(s.name)}
        return sorted(
            self.symbol(i)
            for i, s in enumerate(self.object.symbols)
            if s.shndx not in own and not is_own(s.name)
        )

    def header(self, s):
        """What of a section header must be equal."""
        link = info = ""
        if s.flags & elf.SHF_LINK_ORDER:
            link = self.section_name(s.link)
        if s.type == elf.SHT_RELA:
            info = self.section_name(s.info)
        elif s.type == elf.SHT_GROUP:
            info = self.symbol(s.info)[0]
        size = 0 if s.type == elf.SHT_GROUP else s.size
        return (s.name, s.type, s.flags, size, s.align, s.entsize, link, info)

    def content(self, s):
        if s.type == elf.SHT_RELA:
            return [(o, t, self.symbol(i), a) for o, t, i, a in self.object.relocations(s)]
        if s.type == elf.SHT_GROUP:
            flags, *members = struct.unpack(f"<{len(s.data) // 4}I", s.data)
            return [flags] + [self.section_name(m) for m in members if m in self.ordinal]
        return s.data


def first_difference(a, b):
    for n, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f"at {n:#x}: {x!r} became {y!r}"
    return f"{len(a)} became {len(b)}; first extra: {(a[len(b):] or b[len(a):])[0]!r}"


def compare_objects(plain, code, moved, spec):
    """code: of plain, by disassemble()."""
    a, b = View(plain), View(moved)
    if a.object.header != b.object.header:
        return ["the ELF headers differ"]
    if [a.header(s) for s in a.sections] != [b.header(s) for s in b.sections]:
        return ["section headers: " + first_difference([a.header(s) for s in a.sections],
                                                       [b.header(s) for s in b.sections])]
    problems, seen = [], []
    code = iter(code)
    for s, t in zip(a.sections, b.sections):
        if s.flags & elf.SHF_EXECINSTR and s.size and s.type != elf.SHT_NOBITS:
            problems += compare_code(s, t, next(code), seen)
        elif a.content(s) != b.content(t):
            problems.append(f"{s.name}: " + first_difference(a.content(s), b.content(t)))
    if a.symbols() != b.symbols():
        problems.append("symbols: " + first_difference(a.symbols(), b.symbols()))
    return problems + list(check_kept(spec, seen))


SECTION_DIRECTIVE = re.compile(r"\t\.(section|pushsection)\t([^,\s]+)")
PLAIN_SECTION = re.compile(r"\t\.(text|data|bss)$")
LOCAL_LABEL = re.compile(r"\.L(pcsection\w*|segshift\w*):")
# Directives that mean the same in whatever section they stand.
ANYWHERE = re.compile(
    r"\t\.(globl|weak|hidden|protected|internal|type|size|ident|symver)\b|[\w.$]+ = "
)
OWN_SYMBOL = re.compile(r"\t\.(type|size|globl|local|hidden|weak)\t[._L]*segshift")


def assembly_lines(path):
    """(section, function, line) of every line but segshift's own; section
    directives become the tag, because the way back from one of segshift's
    sections is one more directive."""
    section, previous, stack, function = ".text", ".text", [], ""
    with open(path) as f:
        for line in f.read().splitlines():
            if found := SECTION_DIRECTIVE.match(line):
                if found[1] == "pushsection":
                    stack.append((section, previous))
                # The whole line tells two COMDATs apart.
                section, previous = line.split("\t", 2)[2], section
            elif found := PLAIN_SECTION.match(line):
                section, previous = "." + found[1], section
            elif line == "\t.popsection":
                section, previous = stack.pop()
            elif line == "\t.previous":
                section, previous = previous, section
            elif not line or line.endswith("file scope inline assembly"):
                continue  # around the note, which is some
            elif OWN_SYMBOL.match(line) or line.startswith("\t.addrsig"):
                continue
            elif ANYWHERE.match(line):
                yield "", "", line
            elif is_own(section.split(",")[0]) or LOCAL_LABEL.match(line):
                continue
            else:
                if (found := re.match(r"([\w.$]+):", line)) and not line.startswith(".L"):
                    function = found[1]
                yield section, function, line


def compare_assembly(plain, moved, spec):
    a, b = list(assembly_lines(plain)), list(assembly_lines(moved))
    problems, seen = [], []
    for (section, function, old), (new_section, _, new) in zip(a, b):
        operand = "%fs:" in old and not old.lstrip().startswith("#")
        if section != new_section or new not in ((old, old.replace("%fs:", "%gs:")) if operand else (old,)):
            problems.append(f"{function}: '{old}' in {section} became '{new}' in {new_section}")
            break
        if operand:
            seen.append((function, new == old, bool(CANARY.search(old)), old.strip()))
    else:
        if len(a) != len(b):
            problems.append("lines: " + first_difference(a, b))
    return problems + list(check_kept(spec, seen))
