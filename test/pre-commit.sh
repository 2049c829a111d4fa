#!/bin/sh
# The commit hook that ./dev hook installs: the quick parts of ./dev lint on the files that
# are about to be committed, as they are in the folder. `git commit --no-verify` skips it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -eu
cd "$(git rev-parse --show-toplevel)"
# git sets these for hooks; lint.py asks git about this folder.
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE
git diff --cached --name-only --diff-filter=d -z |
  xargs -0 -r python3 test/lint.py --build=build --llvm="${SEGSHIFT_LLVM:-/usr/lib/llvm-22}" \
    licence rooms format shell python
