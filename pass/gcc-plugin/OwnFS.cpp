//===- OwnFS.cpp - the program's own FS is set apart ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../asm-text/AsmText.h"

#include "InsnMems.h"
#include "KeepFS.h"
#include "OwnFS.h"
#include "Target.h"

using namespace segshift;

static bool HasThreadPointer; // of the current function

bool segshift::usesThreadPointer() { return HasThreadPointer; }

static void checkAssembly(const rtx_insn *Insn) {
  if (!keepsFS(current_function_decl) &&
      asmNamesTLSUnderFS(assemblyOf(PATTERN(Insn))))
    error_at(INSN_LOCATION(Insn),
             "segshift: this assembly reaches a TLS variable through %%fs, "
             "which belongs to the application; write %%gs, or mark the "
             "function %<SEGSHIFT_KEEPS_FS%> [SEG103]");
}

static void setApart(rtx *Root) {
  for (rtx *Mem : memsIn(Root))
    if (MEM_ADDR_SPACE(*Mem) == ADDR_SPACE_SEG_FS)
      changeAddressSpace(Mem, OwnFS);
}

namespace {

const pass_data Data = {
    RTL_PASS, "segshift-own", OPTGROUP_NONE, TV_NONE, 0, 0, 0, 0, 0};

class OwnFSPass : public rtl_opt_pass {
public:
  OwnFSPass() : rtl_opt_pass(Data, g) {}
  bool gate(function *) override { return isSupportedTarget(); }
  unsigned execute(function *) override;
};

} // namespace

unsigned OwnFSPass::execute(function *F) {
  HasThreadPointer = false;
  if (flag_split_stack &&
      !lookup_attribute("no_split_stack", DECL_ATTRIBUTES(F->decl)))
    error_at(DECL_SOURCE_LOCATION(F->decl),
             "segshift: split stacks keep their limit at %%fs:0x70; compile "
             "without %<-fsplit-stack%> [SEG102]");
  for (rtx_insn *Insn = get_insns(); Insn; Insn = NEXT_INSN(Insn)) {
    if (!INSN_P(Insn))
      continue;
    // The canary's place is in FS by the back end's choice, not the program's.
    if (NONDEBUG_INSN_P(Insn) && canaryIn(PATTERN(Insn)))
      continue;
    if (NONDEBUG_INSN_P(Insn))
      checkAssembly(Insn);
    HasThreadPointer |= holdsThreadPointer(PATTERN(Insn));
    setApart(&PATTERN(Insn));
    // A note may hold what an instruction becomes later.
    for (rtx Note = REG_NOTES(Insn); Note; Note = XEXP(Note, 1))
      if (XEXP(Note, 0) && GET_CODE(Note) == EXPR_LIST)
        setApart(&XEXP(Note, 0));
  }
  return 0;
}

rtl_opt_pass *segshift::makeOwnFSPass() { return new OwnFSPass; }

void segshift::checkFileScopeAssembly(void *, void *) {
  if (!isSupportedTarget())
    return;
  for (asm_node *Node = symtab->first_asm_symbol(); Node; Node = Node->next)
    if (asmNamesTLSUnderFS(TREE_STRING_POINTER(Node->asm_str)))
      error("segshift: file-scope assembly reaches a TLS variable through "
            "%%fs, which belongs to the application; write %%gs instead "
            "[SEG104]");
}
