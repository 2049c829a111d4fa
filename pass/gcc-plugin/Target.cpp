//===- Target.cpp - what the plugin knows of the x86 back end -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target.h"
#include "insn-constants.h"

using namespace segshift;

template <typename Predicate>
static bool anySubexpression(const_rtx X, Predicate Matches) {
  subrtx_iterator::array_type Array;
  FOR_EACH_SUBRTX(Iter, Array, X, ALL)
  if (Matches(*Iter))
    return true;
  return false;
}

rtx segshift::canaryIn(const_rtx Pattern) {
  subrtx_iterator::array_type Array;
  FOR_EACH_SUBRTX(Iter, Array, Pattern, ALL) {
    const_rtx X = *Iter;
    if (GET_CODE(X) == UNSPEC &&
        (XINT(X, 1) == UNSPEC_SP_SET || XINT(X, 1) == UNSPEC_SP_TEST))
      // A test has the frame's copy as well.
      for (int I = 0; I < XVECLEN(X, 0); ++I)
        if (rtx Operand = XVECEXP(X, 0, I);
            MEM_P(Operand) && !ADDR_SPACE_GENERIC_P(MEM_ADDR_SPACE(Operand)))
          return Operand;
  }
  return NULL_RTX;
}

bool segshift::isFSBaseAccess(const_rtx Pattern) {
  return anySubexpression(Pattern, [](const_rtx X) {
    return GET_CODE(X) == UNSPEC_VOLATILE &&
           (XINT(X, 1) == UNSPECV_RDFSBASE || XINT(X, 1) == UNSPECV_WRFSBASE);
  });
}

static bool isThreadPointer(const_rtx X) {
  return GET_CODE(X) == UNSPEC && XINT(X, 1) == UNSPEC_TP;
}

bool segshift::holdsThreadPointer(const_rtx X) {
  return anySubexpression(X, isThreadPointer);
}

/// \returns \p Address without the thread pointer, which is a summand of it.
static rtx withoutThreadPointer(rtx Address) {
  if (isThreadPointer(Address))
    return const0_rtx;
  if (GET_CODE(Address) != PLUS)
    return Address;
  for (int I : {0, 1}) {
    rtx Summand = XEXP(Address, I), Other = XEXP(Address, 1 - I);
    if (isThreadPointer(Summand))
      return Other;
    if (rtx Rest = withoutThreadPointer(Summand); Rest != Summand)
      return gen_rtx_PLUS(GET_MODE(Address), I ? Other : Rest,
                          I ? Rest : Other);
  }
  return Address;
}

void segshift::splitThreadPointer(rtx Mem) {
  rtx Rest = withoutThreadPointer(XEXP(Mem, 0));
  if (Rest == XEXP(Mem, 0))
    return;
  XEXP(Mem, 0) = Rest;
  set_mem_addr_space(Mem, ADDR_SPACE_SEG_FS);
}
