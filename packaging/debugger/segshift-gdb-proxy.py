"""segshift-gdb-proxy.py: between gdb and QEMU, so that gdb's own `print variable` works.

  (gdb) tls remote :1234                 does:
  (gdb) target remote | segshift-gdb-proxy.py :1234 kernel.elf FILES

GDB asks its target for a thread-local variable's address, by the packet qGetTLSAddr,
if the target describes itself as one of Linux. QEMU does neither: this answers the one
and adds the other to QEMU's description. All else goes through. The packet has a variable's
offset and not its file, so an offset that may be in another file's image (FILES, which
segshift-gdb.py keeps) is refused.

GDB Remote Serial Protocol: GDB manual, appendix E.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import select
import socket
import struct
import sys

sys.dont_write_bytecode = True
import segshift_elf
import segshift_place
import segshift_tls
from segshift_tls import TlsError

# What makes a target one of Linux to gdb: the register that it keeps a system call's
# number in. It is last, and QEMU never hears of it.
LINUX = ('<feature name="org.gnu.gdb.i386.linux"><reg name="orig_rax" bitsize="64" '
         'type="int" regnum="{}"/></feature></target>')


def packet(body):
    return b"$" + body + b"#%02x" % (sum(body) & 255)


class Stream:
    """Packets, acknowledgements (+ and -) and interrupts (0x03) out of a byte stream."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.pending = b""

    def read(self):
        """The next item, as it came, or b"" at the end."""
        while True:
            match = re.match(rb"\$[^#]*#..|[^$]", self.pending, re.DOTALL)
            if match:
                self.pending = self.pending[match.end():]
                return match[0]
            more = os.read(self.descriptor, 1 << 16)
            if not more:
                return b""
            self.pending += more

    def write(self, data):
        while data:
            data = data[os.write(self.descriptor, data):]


class Qemu(segshift_tls.Debugger):
    """QEMU's stub, as segshift_tls.py sees it; its CPUs' numbers are gdb's thread ids."""

    def __init__(self, stream, kernel, others):
        self.stream, self.path, self.others = stream, kernel, others
        self.elf = segshift_tls.read_elf(kernel)
        self.description, self.numbers, self.extra = None, {}, 0
        self.selected = None  # the thread whose registers gdb takes QEMU to give

    def ask(self, body):
        self.stream.write(packet(body))
        while True:
            item = self.stream.read()
            if not item:
                raise TlsError("QEMU closed the connection")
            if item.startswith(b"$"):
                self.stream.write(b"+")
                # "*" and a character stand for repeats of the one before.
                return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), item[1:-3])

    def document(self, name):
        text = b""
        while True:
            part = self.ask(b"qXfer:features:read:%s:%x,800" % (name, len(text)))
            text += part[1:]
            if part[:1] != b"m":
                return re.sub(rb"}(.)", lambda m: bytes([m[1][0] ^ 32]), text).decode()

    def read_description(self):
        """QEMU's registers, in order, in one document, and one more."""
        text = self.document(b"target.xml")
        features = "".join(
            re.sub(r".*?(<feature.*</feature>).*", r"\1", self.document(name.encode()), flags=re.S)
            for name in re.findall(r'<xi:include href="([^"]*)"', text))
        text = re.sub(r"(<xi:include [^>]*>\s*)+", lambda _: features, text)
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        number = -1
        for attributes in re.findall(r"<reg ([^>]*)>", text):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
            number = int(attributes.get("regnum", number + 1))
            self.numbers[attributes["name"]] = number
        self.extra = max(self.numbers.values()) + 1
        self.description = text.replace("</target>", LINUX.format(self.extra)).encode()

    # What segshift_tls.Debugger asks for.

    def loaded(self):
        return [(self.path, {}, None)]

    def core(self):
        return None

    def register(self, cpu, name):
        self.ask(b"Hg" + cpu)
        answer = self.ask(b"p%x" % self.numbers[name]) if name in self.numbers else b""
        if not re.fullmatch(rb"(?:[0-9a-f]{8}){1,2}", answer):
            return None
        return int.from_bytes(bytes.fromhex(answer.decode()), "little")

    def read_memory(self, address, size):
        answer = self.ask(b"m%x,%x" % (address, size))
        return bytes.fromhex(answer.decode()) if len(answer) == 2 * size else None

    def check_offset(self, offset):
        """GDB gives an offset, and does not say in which file's image."""
        try:
            with open(self.others, encoding="utf-8") as file:
                paths = file.read().splitlines()
        except OSError:
            raise TlsError(f"{self.others}: gone") from None
        for path in paths:
            elf = segshift_tls.read_elf(path)
            if elf and elf.tls and offset < elf.memsz and elf.data != self.elf.data:
                raise TlsError(f"gdb does not say whether offset {offset:#x} is in {self.elf.name} "
                               f"or in {elf.name}: print $tls(\"FILE::NAME\")")
        if offset >= self.elf.memsz:
            raise TlsError(f"offset {offset:#x} is outside {self.elf.name}'s TLS: print "
                           "$tls(\"FILE::NAME\")")

    def tls_address(self, thread, offset):
        try:
            self.check_offset(offset)
            file = segshift_tls.File(self.elf, segshift_tls.bias_of(self.elf, {}))
            tp = self.cpu_thread_pointer(thread)
            address = segshift_place.kernel_block(self, file, tp) + offset
        finally:
            if self.selected:
                self.ask(b"Hg" + self.selected)
        return b"%x" % (address & segshift_tls.U64)

    def told(self, item):
        """Looks at what QEMU tells gdb: a stop selects a thread."""
        if match := re.match(rb"\$T.*?thread:([^;]*);", item):
            self.selected = match[1]

    def answer(self, body):
        """What this answers in QEMU's place, or None."""
        if match := re.fullmatch(rb"qGetTLSAddr:([^,]*),([0-9a-f]+),[0-9a-f]+", body):
            try:
                return self.tls_address(match[1], int(match[2], 16))
            except TlsError as error:
                print(f"segshift-gdb-proxy: {error}", file=sys.stderr)
                return b"E01"
        if match := re.fullmatch(rb"qXfer:features:read:target.xml:(.*),(.*)", body):
            if not self.description:
                self.read_description()
            start, size = int(match[1], 16), int(match[2], 16)
            part = self.description[start:start + size]
            return (b"m" if start + size < len(self.description) else b"l") + part
        if body.startswith(b"Hg"):
            self.selected = body[2:]
        if body == b"p%x" % self.extra:
            return b"x" * 16
        if body.startswith(b"P%x=" % self.extra):
            return b"OK"
        if body == b"QStartNoAckMode":
            return b""
        return None


def connect(address):
    if "/" in address:
        stub = socket.socket(socket.AF_UNIX)
        stub.connect(address)
        return stub
    host, _, port = address.removeprefix("tcp:").rpartition(":")
    return socket.create_connection((host or "localhost", int(port)))


def run(gdb_in, gdb_out, qemu):
    streams = {stream.descriptor: stream for stream in (gdb_in, qemu.stream)}
    while True:
        waiting, _, _ = select.select(list(streams), [], [])
        for descriptor in waiting:
            stream = streams[descriptor]
            while True:
                item = stream.read()
                if not item:
                    return
                if stream is qemu.stream:
                    qemu.told(item)
                    gdb_out.write(item)
                else:
                    answer = qemu.answer(item[1:-3]) if item.startswith(b"$") else None
                    if answer is None:
                        qemu.stream.write(item)
                    else:
                        gdb_out.write(b"+" + packet(answer))
                if not stream.pending:
                    break


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: segshift-gdb-proxy.py [HOST]:PORT|SOCKET KERNEL FILES\n"
                 "FILES names the files with thread-local variables that gdb has, one in a line")
    address, kernel, others = sys.argv[1:]
    try:
        elf = segshift_elf.Elf(kernel)
        if not elf.tls:
            raise TlsError("has no PT_TLS segment")
        stub = connect(address)
        run(Stream(0), Stream(1), Qemu(Stream(stub.fileno()), kernel, others))
    except (OSError, ValueError, struct.error, TlsError) as error:
        name = kernel if isinstance(error, TlsError) else address
        sys.exit(f"segshift-gdb-proxy: {name}: {error}")


if __name__ == "__main__":
    main()
