// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/frame.h"
#include "cpu/config.h"
#include "segshift/abi.h"

bool ProgramsInRing3;

static void setSelectors(Frame &F) {
  F.cs = ProgramsInRing3 ? SEL_UCODE | 3 : SEL_KCODE;
  F.ss = ProgramsInRing3 ? SEL_UDATA | 3 : SEL_KDATA;
}

void makeProgramFrame(Frame &F, uint64_t Rip, uint64_t Rsp) {
  F = Frame();
  F.rip = Rip;
  F.rsp = Rsp;
  F.rflags = FlagsIF | 2;
  setSelectors(F);
}

bool sanitizeProgramFrame(Frame &F) {
  setSelectors(F);
  F.rflags = (F.rflags & FlagsProgram) | FlagsIF | 2;
  return F.rip < SEGSHIFT_APP_ADDRESS_LIMIT &&
         F.rsp < SEGSHIFT_APP_ADDRESS_LIMIT;
}
