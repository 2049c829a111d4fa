"""C and C++ files with and without thread-local variables, the same each time.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import random

C_FUNCTION = """
long work{n}(long a, const long *p, unsigned count) {{
  long sum = a * {k1};
  for (unsigned i = 0; i != count; ++i) {{
    if (p[i] > sum) sum ^= p[i] << {shift};
    else sum += table{m}[(sum + i) % {size}] - {name};
    switch (sum & 7) {{
    case 1: sum += {k2}; break;
    case 3: sum -= p[i]; break;
    case 6: {name} = sum; break;
    }}
  }}
  return sum + {name};
}}
"""

CXX_FUNCTION = """
template <typename T> struct Ring{n} {{
  T items[{size}];
  unsigned first = 0, used = 0;
  bool push(const T &t) {{
    if (used == {size}) return false;
    items[(first + used++) % {size}] = t;
    return true;
  }}
  T pop() {{ --used; T t = items[first]; first = (first + 1) % {size}; {name} += first; return t; }}
}};
long drive{n}(long a) {{
  Ring{n}<long> longs; Ring{n}<char> chars;
  for (long i = a; i < {k1}; i += {shift}) {{ longs.push(i ^ {name}); chars.push(char(i)); }}
  auto sum = [&](auto &r) {{ long s = 0; while (r.used) s += r.pop(); return s; }};
  return sum(longs) + sum(chars);
}}
"""


def source(number, cxx, tls, functions=12):
    """The text of a file."""
    generator = random.Random(number)
    names = [f"state{i}" for i in range(4)]
    kind = ("thread_local " if cxx else "__thread ") if tls else ""
    parts = [f"{kind}long {name} = {i};" for i, name in enumerate(names)]
    size = generator.choice((16, 31, 64))
    parts += [f"long table{i}[{size}];" for i in range(2)]
    for n in range(functions):
        parts.append((CXX_FUNCTION if cxx else C_FUNCTION).format(
            n=n, m=n % 2, size=size, name=generator.choice(names), k1=generator.randrange(50, 999),
            k2=generator.randrange(99), shift=generator.randrange(1, 9)))
    return "\n".join(parts)


def files(folder, each=15):
    """Writes the files; yields their paths."""
    for number in range(each * 4):
        cxx, tls = bool(number & 1), bool(number & 2)
        path = f"{folder}/generated{number}{'-tls' if tls else ''}.{'cpp' if cxx else 'c'}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(source(number, cxx, tls))
        yield path
