#!/usr/bin/env python3
"""generate.py SEED FOLDER: a random C program with thread-local variables, in two
files that share some of them: FOLDER/a.c, FOLDER/b.c.

The program has no undefined behaviour: all arithmetic is unsigned, indices are
reduced, loops end. It prints values by put(name, value) and returns a status, both
from test/pass/Inputs/start.c. A seed gives the same program always.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import random
import sys

TYPES = ["unsigned char", "unsigned short", "unsigned int", "unsigned long"]
MODELS = ["", "", "", 'local-exec', 'initial-exec', 'local-dynamic', 'global-dynamic']
OPERATORS = ["+", "-", "*", "^", "&", "|"]


class Variable:
    def __init__(self, rng, index):
        self.name = f"v{index}"
        self.type = rng.choice(TYPES)
        self.length = rng.choice([0, 0, 0, 1, 3, 8, 17, 64])  # 0: no array
        self.align = rng.choice([0, 0, 0, 16, 64, 256])
        self.is_struct = self.length == 0 and rng.random() < 0.2
        # Static variables belong to one file; the others are seen by both.
        self.file = rng.choice("ab")
        self.static = rng.random() < 0.4
        self.model = rng.choice(MODELS)
        if self.model == "local-dynamic" and not self.static:
            self.model = ""
        self.initial = rng.getrandbits(16) if rng.random() < 0.5 else None

    def declaration(self, extern):
        words = ["extern"] if extern else ["static"] if self.static else []
        words.append("__thread")
        if self.is_struct:
            words.append(f"struct {{ {self.type} x; unsigned int y:7, z:25; }} {self.name}"
                         if not extern else f"struct s_{self.name} {self.name}")
        else:
            words.append(f"{self.type} {self.name}" + (f"[{self.length}]" if self.length else ""))
        attributes = []
        if self.model:
            attributes.append(f'tls_model("{self.model}")')
        if self.align:
            attributes.append(f"aligned({self.align})")
        if attributes:
            words.append(f"__attribute__(({', '.join(attributes)}))")
        text = " ".join(words)
        if self.is_struct:
            text = text.replace("struct {", f"struct s_{self.name} {{")
        if not extern and self.initial is not None:
            braces = self.length or self.is_struct
            text += f" = {{{self.initial}u}}" if braces else f" = ({self.type}){self.initial}u"
        return text + ";"

    def tag(self):
        """The structure, for a file that only declares the variable."""
        return (f"struct s_{self.name} {{ {self.type} x; unsigned int y:7, z:25; }};"
                if self.is_struct else "")

    def place(self, rng, index):
        if self.is_struct:
            return f"{self.name}.{rng.choice('xyz')}"
        return f"{self.name}[({index}) % {self.length}u]" if self.length else self.name


class Writer:
    def __init__(self, rng, variables, file, functions, callable_):
        self.rng, self.file, self.callable = rng, file, callable_
        self.variables = [v for v in variables if v.file == file or not v.static]
        self.functions = functions
        self.lines = []

    def expression(self, depth=0):
        rng = self.rng
        kind = rng.random()
        if depth > 2 or kind < 0.2:
            return rng.choice(["n", f"{rng.getrandbits(rng.choice([3, 8, 20, 40]))}ul", "k"])
        if kind < 0.6:
            v = rng.choice(self.variables)
            return f"(unsigned long){v.place(rng, self.expression(depth + 2))}"
        a, b = self.expression(depth + 1), self.expression(depth + 1)
        if kind < 0.9:
            return f"({a} {rng.choice(OPERATORS)} {b})"
        if kind < 0.95:
            return f"({a} {rng.choice(['<<', '>>'])} ({b} & 31))"
        return f"({a} {rng.choice(['/', '%'])} ({b} | 1))"

    def statement(self, depth=0):
        rng = self.rng
        pad = "  " * (depth + 1)
        v = rng.choice(self.variables)
        place = v.place(rng, self.expression(1))
        kind = rng.random()
        if kind < 0.35:
            self.lines.append(f"{pad}{place} {rng.choice(['', '+', '^', '-', '|'])}= "
                              f"{self.expression()};")
        elif kind < 0.45:
            self.lines.append(f"{pad}{rng.choice(['++', '--'])}{place};")
        elif kind < 0.55 and not v.is_struct:
            self.lines.append(f"{pad}{{ {v.type} *p = &{place}; touch(p); "
                              f"*p += ({v.type})({self.expression()}); }}")
        elif kind < 0.62:
            self.lines.append(f"{pad}{{ volatile unsigned char b[{rng.choice([8, 24, 40])}]; "
                              f"b[n & 7] = (unsigned char)({self.expression()}); k += b[n & 7]; }}")
        elif kind < 0.72 and depth < 2:
            self.lines.append(f"{pad}if ({self.expression()} & 1) {{")
            self.statement(depth + 1)
            self.lines.append(f"{pad}}} else {{")
            self.statement(depth + 1)
            self.lines.append(f"{pad}}}")
        elif kind < 0.8 and depth < 2:
            i = f"i{depth}"
            self.lines.append(f"{pad}for (unsigned {i} = 0; {i} < {rng.randint(1, 5)}; ++{i}) {{")
            self.lines.append(f"{pad}  k += {i};")
            self.statement(depth + 1)
            self.lines.append(f"{pad}}}")
        elif kind < 0.9 and self.callable:
            self.lines.append(f"{pad}k ^= {rng.choice(self.callable)}({self.expression(1)});")
        else:
            self.lines.append(f"{pad}k = {self.expression()};")

    def function(self, name):
        inline = self.rng.choice(["", "", "__attribute__((noinline)) "])
        self.lines.append(f"{inline}unsigned long {name}(unsigned long n) {{")
        self.lines.append("  unsigned long k = n;")
        for _ in range(self.rng.randint(2, 8)):
            self.statement()
        self.lines.append("  return k;\n}")

    def sum_of_own(self):
        """Prints all variables of this file, so that nothing goes unseen."""
        self.lines.append(f"void show_{self.file}(void) {{")
        for v in self.variables:
            if v.file != self.file:
                continue
            if v.length:
                self.lines.append(f"  {{ unsigned long s = 0; for (unsigned i = 0; i < {v.length}; "
                                  f"++i) s = s * 31 + {v.name}[i]; put(\"{v.name}\", (long)s); }}")
            elif v.is_struct:
                self.lines.append(f'  put("{v.name}", (long)({v.name}.x * 3ul + {v.name}.y * 5ul + '
                                  f"{v.name}.z));")
            else:
                self.lines.append(f'  put("{v.name}", (long){v.name});')
        self.lines.append("}")


def generate(seed):
    """{file name: text}."""
    rng = random.Random(seed)
    variables = [Variable(rng, i) for i in range(rng.randint(3, 12))]
    names = {"a": [f"a{i}" for i in range(rng.randint(1, 4))],
             "b": [f"b{i}" for i in range(rng.randint(1, 4))]}
    texts = {}
    for file in "ab":
        # b calls its own earlier functions, a also b's: no recursion.
        head = ["void put(const char *, long);", "void touch(void *);", "void show_b(void);"]
        head += [f"unsigned long {n}(unsigned long);" for n in names["a"] + names["b"]]
        for v in variables:
            if v.file == file:
                head.append(v.declaration(extern=False))
            elif not v.static:
                head += [t for t in (v.tag(), v.declaration(extern=True)) if t]
        for name in "ab":  # at least one variable that this file may use
            if name == file and not any(v.file == file or not v.static for v in variables):
                head.append(f"static __thread unsigned long own_{file};")
        usable = [v for v in variables if v.file == file or not v.static]
        if not usable:
            v = Variable(rng, 99)
            v.file, v.static, v.is_struct, v.length = file, True, False, 0
            v.model = v.model if v.model != "local-dynamic" else ""
            head.append(v.declaration(extern=False))
            variables.append(v)
        earlier = list(names["b"]) if file == "a" else []
        body = []
        for name in names[file]:
            w = Writer(rng, variables, file, names, list(earlier))
            w.function(name)
            body += w.lines
            earlier.append(name)
        w = Writer(rng, variables, file, names, [])
        w.sum_of_own()
        body += w.lines
        if file == "a":
            body += ["int main(void) {", "  unsigned long r = 0;",
                     "  for (unsigned long n = 0; n < 7; ++n) {"]
            body += [f"    r = r * 33 + {n}(n + r % 101);" for n in names["a"] + names["b"]]
            body += ["  }", '  put("r", (long)r);', "  show_a();", "  show_b();",
                     "  return (int)(r % 100);", "}"]
        else:
            body += ["void touch(void *p) { __asm__ volatile(\"\" : : \"r\"(p) : \"memory\"); }"]
        texts[f"{file}.c"] = "\n".join([f"/* seed {seed} */", *head, *body, ""])
    return texts


def write(seed, folder):
    for name, text in generate(seed).items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2])
