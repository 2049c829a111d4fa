"""segshift_place.py: where a thread's block of one file is.

  a kernel's      at its thread pointer, by its own offsets (docs/abi.md)
  its modules'    by the registry and the DTV of segshift/dtv.h
  a program's     at its FS base, by its own offsets
  its libraries'  by what their loader wrote into their own relocations, and the DTV
                  of glibc or musl where these say so

Each is given only if what is in memory agrees with it, and else is a TlsError that says
what to do. `memory` is the debugger: read(address, size) and read_u64(address).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from segshift_elf import R_DTPMOD64, R_TPOFF64, STT_OBJECT, TlsError

U64 = (1 << 64) - 1

# segshift/dtv.h, in words: struct segshift_dtv, segshift_tls_modules, segshift_tls_module.
DTV_MODULES, DTV_TP, DTV_SLOTS = 0, 1, 6
MODULES_TABLE, MODULES_CAPACITY, CAPACITY_MAX = 0, 1, 65535
MODULE_WORDS = 7  # number; init, vaddr, file_size, mem_size, align; distance


# segshift/entry.h: the slot of the kernel stack's top; rip, cs, rflags, rsp, ss end there.
SLOT_SYSCALL_STACK, FRAME_RIP_FROM_TOP = 0x80, 5
SYSCALL = b"\x0f\x05"


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def words(memory, address, count):
    """`count` words, or None."""
    data = memory.read(address & U64, 8 * count)
    return data and [int.from_bytes(data[i:i + 8], "little") for i in range(0, 8 * count, 8)]


def check_loaded(memory, file):
    """That the program or library is where the debugger was told that it is."""
    elf = file.elf
    if file.bias is None:
        raise TlsError(f"{elf.name}: the debugger does not know where it is loaded: "
                       "add-symbol-file FILE -o DISTANCE (gdb), target modules load --file "
                       "FILE --slide DISTANCE (LLDB)")
    found = text = None
    for address, text in elf.samples():
        found = memory.read(address + file.bias & U64, len(text))
        if found == text:
            return
        if found is not None:
            break
    if text is None:
        raise TlsError(f"{elf.name}: has no contents to compare with memory: name the file "
                       "itself, not its debug information alone")
    raise TlsError(
        f"{elf.name}: is not in memory at {file.bias:#x}, where the debugger was told that "
        "it is" + (" (nothing is there)" if found is None else "") + ": has it been loaded "
        "yet, and is this its address?")


def check_kernel(memory, file):
    """That another build of the kernel was not booted, where it has a build ID."""
    if file.elf.build_id and file.bias is not None:
        address, text = file.elf.build_id
        found = memory.read(address + file.bias & U64, len(text))
        if found is not None and found != text and any(found):
            raise TlsError(f"{file.elf.name}: not the kernel that was booted: memory has "
                           f"another build ID ({found.hex()})")


def kernel_block(memory, file, tp):
    """What the offset in the image is added to."""
    check_kernel(memory, file)
    block = tp + file.elf.tpoff(0) & U64
    for name, value, size, _ in file.elf.symbols(STT_OBJECT):
        start = value + (file.bias or 0) & U64
        if start <= tp < start + size and block < start:
            raise TlsError(f"{file.elf.name}: the thread pointer is {name}, a boot TCB, which has "
                           "no room for variables: stop after the kernel has made its first block")
    return block


def registered(memory, file, tp):
    """(the thread's DTV, the module's number, its distance) from the kernel's registry."""
    name = file.elf.name
    dtv = memory.read_u64(tp + 8)
    if not dtv:
        raise TlsError(f"{name}: this kernel thread has no DTV (segshift_tls_attach), so no "
                       "variables of modules; if the file is the kernel: 'tls role kernel "
                       "FILE'")
    head = words(memory, dtv, 2)
    registry = head and head[DTV_TP] == tp and words(memory, head[DTV_MODULES], 2)
    first = registry and 0 < registry[MODULES_CAPACITY] <= CAPACITY_MAX and words(
        memory, registry[MODULES_TABLE] + 8 * MODULE_WORDS, 1)
    if not first or first[0] & 0xffff != 1:
        raise TlsError(f"{name}: the DTV at {dtv:#x} is not of segshift/dtv.h: only that is known")
    table = words(memory, registry[MODULES_TABLE],
                  MODULE_WORDS * (registry[MODULES_CAPACITY] + 1)) or []
    wanted = (None if file.bias is None else file.elf.vaddr + file.bias & U64, file.elf.vaddr,
              file.elf.memsz, file.elf.align)
    for at in range(2 * MODULE_WORDS, len(table), MODULE_WORDS):
        number, init, vaddr, _, memsz, align, distance = table[at:at + MODULE_WORDS]
        if number and (init, vaddr, memsz, max(align, 1)) == wanted:
            return dtv, number, distance
    where = "nowhere that the debugger knows" if file.bias is None else f"at {file.bias:#x}"
    raise TlsError(f"{name}: the kernel has no such module {where}: has it been loaded, and is "
                   "this its address?")


def module_block(memory, file, tp):
    check_loaded(memory, file)
    dtv, number, distance = registered(memory, file, tp)
    if distance:
        return tp - distance & U64
    slot = words(memory, dtv + 8 * DTV_SLOTS + 16 * (number & 0xffff), 2)
    if not slot or slot[0] != number:
        raise TlsError(f"{file.elf.name}: this thread has no block of the module yet: it has not "
                       "touched its variables")
    return slot[1]


def entered_from(memory, tp):
    """Where the program called the kernel, by the frame of segshift/entry.h at the top of
    the thread's kernel stack; or None."""
    top = memory.read_u64(tp + SLOT_SYSCALL_STACK)
    return memory.read_u64(top - 8 * FRAME_RIP_FROM_TOP) if top else None


def check_fs(memory, file, fs):
    """A C library's thread control block holds its own address."""
    if not fs:
        raise TlsError(f"{file.elf.name}: the FS base is 0: no program runs here, or it has not "
                       "set up its TLS yet")
    if memory.read_u64(fs) != fs:
        raise TlsError(f"{file.elf.name}: the FS base {fs:#x} does not hold its own address: "
                       "nothing of this program's is known to be there")


def program_block(memory, file, fs):
    check_fs(memory, file, fs)
    check_loaded(memory, file)
    return fs + file.elf.tpoff(0) & U64


def musl_or_glibc(memory, fs):
    """By struct pthread's circular list at 0x10 (musl), tcbhead_t's self at 0x10 (glibc)."""
    previous, following = words(memory, fs + 0x10, 2) or (0, 0)
    if following and words(memory, following, 3) and \
            memory.read_u64(following) == following and memory.read_u64(following + 0x10) == fs:
        return "musl"
    return "glibc" if previous == fs else None


def by_dtv(memory, file, fs, number):
    """The block that a C library's DTV has for a module."""
    name, library = file.elf.name, musl_or_glibc(memory, fs)
    dtv = memory.read_u64(fs + 8)
    if not library or not dtv:
        raise TlsError(f"{name}: the thread control block at {fs:#x} is neither glibc's nor "
                       "musl's: where its DTV is, is not known")
    count = memory.read_u64(dtv - 16 if library == "glibc" else dtv)
    if count is None or not 0 < number < 1 << 16:
        raise TlsError(f"{name}: its loader has not relocated it yet")
    slot = dtv + number * (16 if library == "glibc" else 8)
    block = memory.read_u64(slot) if number <= count else None
    if block in (None, 0, U64):
        raise TlsError(f"{name}: this thread has no block of the library yet: it has not touched "
                       "its variables")
    return block


def by_relocation(memory, file, fs, kind, place, offset):
    """What one filled relocation says of the block, or None."""
    first, second = words(memory, place + file.bias, 2) or (0, 0)
    if kind == R_DTPMOD64:
        return by_dtv(memory, file, fs, first) if first else None
    argument = first if kind == R_TPOFF64 else second  # a descriptor: entry, argument
    if not first or not argument:
        return None
    if argument >> 63:
        return fs + signed(argument) - offset & U64
    if kind == R_TPOFF64:
        return None
    index = words(memory, argument, 2)  # of a dynamic block: module, offset
    return by_dtv(memory, file, fs, index[0]) if index and index[1] == offset else None


def library_block(memory, file, fs, others):
    """`others`: the other files that are loaded, one of which may have the variable that a
    relocation of this one names."""
    check_fs(memory, file, fs)
    check_loaded(memory, file)
    elf, blocks, problem = file.elf, set(), None
    taken = set().union(*(other.elf.exports() for other in others if other.elf.tls))
    relocations = [r for r in elf.tls_relocations() if not r[2] or r[2] not in taken]
    own = [r for r in relocations if not r[2]] or relocations
    for place, kind, _, offset in own:
        try:
            block = by_relocation(memory, file, fs, kind, place, offset)
            if block is not None:
                blocks.add(block)
        except TlsError as error:
            problem = error
    if problem and not blocks:
        raise problem
    if len(blocks) != 1 or (min(blocks) - elf.vaddr) % elf.align or \
            memory.read(min(blocks), elf.memsz) is None:
        raise TlsError(f"{elf.name}: where its thread-local variables are, is not known: its "
                       + ("relocations do not agree" if blocks else
                          "loader has not relocated it yet" if own else
                          "relocations name none of them"))
    return blocks.pop()
