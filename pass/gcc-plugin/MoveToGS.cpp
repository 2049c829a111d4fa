//===- MoveToGS.cpp - the last pass before assembly -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../asm-text/AsmText.h"
#include <vector>

#include "InsnMems.h"
#include "KeepFS.h"
#include "MoveToGS.h"
#include "OwnFS.h"
#include "Sites.h"
#include "Target.h"

using namespace segshift;

Counts segshift::TheCounts;

namespace {

const pass_data Data = {RTL_PASS, "segshift", OPTGROUP_OTHER, TV_NONE, 0, 0, 0,
                        0,        0};

class MoveToGSPass : public rtl_opt_pass {
public:
  MoveToGSPass() : rtl_opt_pass(Data, g) {}
  bool gate(function *) override { return isSupportedTarget(); }
  unsigned execute(function *F) override;

private:
  std::vector<rtx_insn *> KeptInsns; // of the current function

  void handle(rtx_insn *Insn);
  void keep(rtx_insn *Insn, const char *Why);
};

} // namespace

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

/// The thread-local variable that the memory operand \p Mem reaches, if it
/// knows it, or if its address names it.
static tree accessedVariable(const_rtx Mem) {
  if (tree Expr = MEM_EXPR(Mem)) {
    tree Base = get_base_address(Expr);
    if (Base && VAR_P(Base) && DECL_THREAD_LOCAL_P(Base))
      return Base;
  }
  subrtx_iterator::array_type Array;
  FOR_EACH_SUBRTX(Iter, Array, XEXP(Mem, 0), ALL)
  if (SYMBOL_REF_P(*Iter) && SYMBOL_REF_TLS_MODEL(*Iter) != TLS_MODEL_NONE)
    return SYMBOL_REF_DECL(*Iter);
  return NULL_TREE;
}

static void remarkMoved(rtx_insn *Insn, const_rtx Mem) {
  if (!dump_enabled_p())
    return;
  if (tree Variable = accessedVariable(Mem))
    dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, Insn,
                    "access to thread-local '%s' moved to %%gs\n",
                    lang_hooks.decl_printable_name(Variable, 2));
  else
    dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, Insn,
                    "use of the thread pointer moved to %%gs\n");
}

static void remarkCanary(rtx_insn *Insn) {
  if (dump_enabled_p())
    dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, Insn,
                    "load of the canary of '%s' moved to %%gs\n",
                    lang_hooks.decl_printable_name(current_function_decl, 1));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Whether the canary stays in FS: as the command line says.
static bool canaryStays() {
  return global_options_set.x_ix86_stack_protector_guard_reg_str;
}

void MoveToGSPass::keep(rtx_insn *Insn, const char *Why) {
  if (!KeptInsns.empty() && KeptInsns.back() == Insn)
    return;
  KeptInsns.push_back(Insn);
  ++TheCounts.Kept;
  if (dump_enabled_p())
    dump_printf_loc(MSG_MISSED_OPTIMIZATION, Insn, "%%fs left alone: %s\n",
                    Why);
}

void MoveToGSPass::handle(rtx_insn *Insn) {
  const rtx Canary = canaryIn(PATTERN(Insn));
  const bool KeepFS = keepsFS(current_function_decl);
  bool MovedTLS = false;
  for (rtx *Mem : memsIn(&PATTERN(Insn))) {
    const bool IsCanary = *Mem == Canary;
    if (holdsThreadPointer(XEXP(*Mem, 0))) {
      *Mem = shallow_copy_rtx(*Mem);
      splitThreadPointer(*Mem);
    }
    if (MEM_ADDR_SPACE(*Mem) == OwnFS) {
      changeAddressSpace(Mem, ADDR_SPACE_SEG_FS);
      keep(Insn, "the program's own use of %fs");
    } else if (MEM_ADDR_SPACE(*Mem) != ADDR_SPACE_SEG_FS) {
      continue;
    } else if (IsCanary && canaryStays()) {
      ++TheCounts.Kept; // unmarked: the audit reports it
    } else if (!IsCanary && !usesThreadPointer()) {
      error_at(INSN_LOCATION(Insn),
               "segshift: this use of %%fs is neither a thread-local "
               "variable's, nor the canary's, nor the program's own [SEG109]");
    } else if (!IsCanary && KeepFS) {
      keep(Insn, "the function is marked segshift_keep_fs");
    } else {
      changeAddressSpace(Mem, ADDR_SPACE_SEG_GS);
      if (IsCanary) {
        remarkCanary(Insn);
        ++TheCounts.MovedCanaries;
      } else if (!MovedTLS) {
        remarkMoved(Insn, *Mem);
        ++TheCounts.Moved;
        MovedTLS = true;
      }
    }
  }
  if (asmNamesFS(assemblyOf(PATTERN(Insn))))
    keep(Insn, "inline assembly");
  else if (isFSBaseAccess(PATTERN(Insn)))
    keep(Insn, "an access to the FS base");
}

unsigned MoveToGSPass::execute(function *) {
  KeptInsns.clear();
  for (rtx_insn *Insn = get_insns(); Insn; Insn = NEXT_INSN(Insn))
    if (NONDEBUG_INSN_P(Insn)) {
      handle(Insn);
      if (holdsThreadPointer(PATTERN(Insn)))
        error_at(INSN_LOCATION(Insn),
                 "segshift: the thread pointer is used in a form that the "
                 "plugin does not know [SEG109]");
    }
  addSites(KeptInsns);
  return 0;
}

rtl_opt_pass *segshift::makeMoveToGSPass() { return new MoveToGSPass; }
