//===- InsnMems.cpp - memory operands of instructions ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <string>
#include <vector>

#include "InsnMems.h"

using namespace segshift;

std::vector<rtx *> segshift::memsIn(rtx *Root) {
  std::vector<rtx *> Places;
  subrtx_ptr_iterator::array_type Array;
  FOR_EACH_SUBRTX_PTR(Iter, Array, Root, NONCONST)
  if (*Iter && **Iter && MEM_P(**Iter))
    Places.push_back(*Iter);
  std::sort(Places.begin(), Places.end());
  Places.erase(std::unique(Places.begin(), Places.end()), Places.end());
  return Places;
}

void segshift::changeAddressSpace(rtx *Place, addr_space_t AS) {
  *Place = shallow_copy_rtx(*Place);
  set_mem_addr_space(*Place, AS);
}

std::string segshift::assemblyOf(const_rtx Pattern) {
  subrtx_iterator::array_type Array;
  FOR_EACH_SUBRTX(Iter, Array, Pattern, NONCONST) {
    if (GET_CODE(*Iter) == ASM_OPERANDS)
      return ASM_OPERANDS_TEMPLATE(*Iter);
    if (GET_CODE(*Iter) == ASM_INPUT)
      return XSTR(*Iter, 0);
  }
  return {};
}
