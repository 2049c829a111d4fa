#!/usr/bin/env python3
"""completions.py SEGSHIFT FOLDER: writes completions for bash, zsh and fish, made
from what `segshift --help` and `segshift COMMAND --help` list.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import subprocess
import sys

# "  --tls-model=<value>  - What it does", "  -o <FILE> - ..."; values of an option
# follow it as "    =local-exec  - ...".
OPTION = re.compile(r"  (--?[\w-]+)(?:\[?[= ]\[?<([^>]*)>\]?)?\s+- (.*)")
VALUE = re.compile(r"    =([\w-]+)\s+-\s+(.*)")
COMMAND = re.compile(r"  (\w+)\s+- (.*)")


class Option:
    def __init__(self, name, argument, text):
        self.name, self.argument, self.text, self.values = name, argument, text, []


def help_of(tool, *command):
    return subprocess.run([tool, *command, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def commands_of(tool):
    lines = help_of(tool)
    start = lines.index("SUBCOMMANDS:") + 1
    for line in lines[start:]:
        match = COMMAND.fullmatch(line)
        if match:
            yield match.groups()
        elif line.strip().startswith("Type"):
            return


def options_of(tool, command):
    options = {}
    last = None
    for line in help_of(tool, command):
        if match := OPTION.fullmatch(line):
            last = options.setdefault(match[1], Option(*match.groups()))
        elif last and (match := VALUE.fullmatch(line)):
            last.values.append(match[1])
    if not options:
        raise SystemExit(f"completions.py: no options in segshift {command} --help")
    return list(options.values())


def words(options):
    """What may be typed: --option, --option= before a value, --option=VALUE."""
    for o in options:
        if o.values:
            yield from (f"{o.name}={v}" for v in o.values)
        elif o.argument and o.name.startswith("--"):
            yield o.name + "="
        else:
            yield o.name


def bash(commands):
    cases = "\n".join(f"    {name}) words='{' '.join(words(options))}' ;;"
                      for name, _, options in commands)
    names = " ".join(name for name, *_ in commands)
    return f"""# bash completion for segshift; made by packaging/completions.py
_segshift() {{
  local word=$2 words=''
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W '{names} --help --version' -- "$word")
    return
  fi
  # readline splits at '=': put the word together again.
  local line=${{COMP_LINE:0:COMP_POINT}} full
  full=${{line##* }}
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
  if [[ $full == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$full")
    if [[ $full == *=* && $COMP_WORDBREAKS == *=* ]]; then
      COMPREPLY=("${{COMPREPLY[@]#"${{full%%=*}}="}}")
    fi
    [[ ${{COMPREPLY[0]-}} != *= ]] || compopt -o nospace
  else
    compopt -o default
  fi
}}
complete -F _segshift segshift
"""


def zsh_quote(text):
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_option(o):
    text = zsh_quote(o.text)
    repeat = "*" if o.argument or o.values else ""
    if o.values:
        return f"'{repeat}{o.name}=[{text}]:value:({' '.join(o.values)})'"
    if not o.argument:
        return f"'{o.name}[{text}]'"
    action = "_files" if re.search("file|dir|path|image", o.argument, re.I) else ""
    equals = "=" if o.name.startswith("--") else ""
    return f"'{repeat}{o.name}{equals}[{text}]:{zsh_quote(o.argument)}:{action}'"


def zsh(commands):
    described = "\n    ".join(f"'{n}:{zsh_quote(t)}'" for n, t, _ in commands)
    cases = []
    for name, _, options in commands:
        arguments = " \\\n        ".join(map(zsh_option, options))
        cases.append(f"    {name})\n      _arguments -S \\\n        {arguments} \\\n"
                     "        '*:file:_files' ;;")
    body = "\n".join(cases)
    return f"""#compdef segshift
# zsh completion for segshift; made by packaging/completions.py
_segshift() {{
  local -a commands=(
    {described}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{body}
  esac
}}
_segshift "$@"
"""


def fish_quote(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")


def fish(commands):
    names = " ".join(n for n, *_ in commands)
    lines = ["# fish completion for segshift; made by packaging/completions.py"]
    for name, text, _ in commands:
        lines.append(f"complete -c segshift -n 'not __fish_seen_subcommand_from {names}' "
                     f"-f -a {name} -d '{fish_quote(text)}'")
    for name, _, options in commands:
        for o in options:
            kind = "-l" if o.name.startswith("--") else "-s" if len(o.name) == 2 else "-o"
            line = (f"complete -c segshift -n '__fish_seen_subcommand_from {name}' "
                    f"{kind} {o.name.lstrip('-')} -d '{fish_quote(o.text)}'")
            if o.values:
                line += f" -x -a '{' '.join(o.values)}'"
            elif o.argument:
                line += " -r"
            lines.append(line)
    return "\n".join(lines) + "\n"


def main():
    tool, folder = sys.argv[1:]
    commands = [(name, text, options_of(tool, name)) for name, text in commands_of(tool)]
    os.makedirs(folder, exist_ok=True)
    for name, write in (("segshift.bash", bash), ("_segshift", zsh), ("segshift.fish", fish)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(write(commands))


if __name__ == "__main__":
    main()
