#!/usr/bin/env python3
"""Checks Markdown files: check-links.py FOLDER

Relative links and their anchors, paths of this tree in `code`, and that each file can
be reached from README.md.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import sys

root = sys.argv[1]

TOP = ("cmake", "docs", "kernel-stub", "packaging", "pass", "qemu", "runtime", "test")

def without_blocks(text):
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S)

def slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")

files = {}
for folder, folders, names in os.walk(root):
    # Not what is built, nor anything hidden.
    folders[:] = [f for f in folders if not f.startswith((".", "build"))]
    for name in names:
        if name.endswith(".md"):
            path = os.path.relpath(os.path.join(folder, name), root)
            with open(os.path.join(root, path), encoding="utf-8") as file:
                files[path] = without_blocks(file.read())

headings = {}
for path, text in files.items():
    seen, headings[path] = {}, set()
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        name = slug(heading)
        headings[path].add(f"{name}-{seen[name]}" if name in seen else name)
        seen[name] = seen.get(name, 0) + 1

errors, links, linked = [], 0, {"README.md"}
for path, text in sorted(files.items()):
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        links += 1
        target, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        if not os.path.exists(os.path.join(root, target)):
            errors.append(f"{path}: no file for the link {link}")
        elif anchor and anchor not in headings.get(target, ()):
            errors.append(f"{path}: no heading for the link {link}")
        elif target != path:
            linked.add(target)
    for code in re.findall(r"`([^`\s*…]+/[^`\s*…]*)`", text):
        first = code.split("/")[0]
        if first in TOP and not re.search(r"[{}$<>()]", code):
            if not os.path.exists(os.path.join(root, code)):
                errors.append(f"{path}: no such path: {code}")
errors += [f"{path}: no other page links to it" for path in sorted(files) if path not in linked]
print("\n".join(errors + [f"{len(files)} files, {links} links, {len(errors)} errors"]))
sys.exit(bool(errors))
