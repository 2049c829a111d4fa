/* The entries for programs in ring 0.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "entry/entry_table.S"
