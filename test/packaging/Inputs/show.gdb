# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set pagination off
set confirm off
python
class Show(gdb.Command):
    """show-tls NAME[, WHERE]; ...: each one's value, or the error."""

    def __init__(self):
        super().__init__("show-tls", gdb.COMMAND_DATA)

    def invoke(self, text, tty):
        for name in text.split(";"):
            try:
                print(name.strip(), "=", gdb.parse_and_eval(f"$tls({name})").format_string())
            except gdb.error as error:
                print(name.strip(), "->", error)


Show()
end
