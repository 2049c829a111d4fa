//===- KeepFS.cpp - functions that keep FS --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepFS.h"

using namespace segshift;

static bool (*GCCsCanInline)(tree, tree);

bool segshift::keepsFS(const_tree Function) {
  return lookup_attribute(KeepFSAttribute, DECL_ATTRIBUTES(Function));
}

static tree handleAttribute(tree *Node, tree, tree, int, bool *NoAddAttrs) {
  // What other passes have to know in words of their own: no copy of the code
  // may be shared with a function that does not keep FS.
  for (const char *Name : {"noinline", "noclone", "no_icf"}) {
    tree Attributes = DECL_ATTRIBUTES(*Node);
    if (!lookup_attribute(Name, Attributes))
      DECL_ATTRIBUTES(*Node) =
          tree_cons(get_identifier(Name), NULL_TREE, Attributes);
  }
  DECL_UNINLINABLE(*Node) = 1;
  *NoAddAttrs = false;
  return NULL_TREE;
}

void segshift::registerKeepFSAttribute(void *, void *) {
  static attribute_spec Spec = {
      KeepFSAttribute, 0,      0, /*decl_req=*/true, false, false, false,
      handleAttribute, nullptr};
  register_attribute(&Spec);
}

//===----------------------------------------------------------------------===//
// Inlining
//===----------------------------------------------------------------------===//

static tree findTLS(tree *Operand, int *, void *) {
  if (VAR_P(*Operand) && DECL_THREAD_LOCAL_P(*Operand))
    return *Operand;
  return NULL_TREE;
}

/// Whether the body of \p Function names a thread-local variable or the thread
/// pointer.
static bool usesTLS(tree Function) {
  basic_block BB;
  FOR_EACH_BB_FN(BB, DECL_STRUCT_FUNCTION(Function))
  for (gimple_stmt_iterator I = gsi_start_bb(BB); !gsi_end_p(I); gsi_next(&I)) {
    walk_stmt_info Info = {};
    if (walk_gimple_op(gsi_stmt(I), findTLS, &Info) ||
        gimple_call_builtin_p(gsi_stmt(I), BUILT_IN_THREAD_POINTER))
      return true;
  }
  return false;
}

/// always_inline is not a wish: what it names has to be inlined, or the
/// compilation fails. Without TLS the code means the same in either segment.
static bool canInline(tree Caller, tree Callee) {
  if (keepsFS(Callee))
    return false;
  if (keepsFS(Caller)) {
    if (!DECL_DISREGARD_INLINE_LIMITS(Callee) || !gimple_has_body_p(Callee) ||
        !DECL_STRUCT_FUNCTION(Callee)->cfg)
      return false;
    if (usesTLS(Callee)) {
      error_at(DECL_SOURCE_LOCATION(Callee),
               "segshift: %qD uses TLS behind %%gs and is %<always_inline%>, "
               "but is called by %qD, which keeps %%fs; leave one of the "
               "attributes out [SEG112]",
               Callee, Caller);
      return false;
    }
  }
  return GCCsCanInline(Caller, Callee);
}

void segshift::overrideInlining() {
  GCCsCanInline = targetm.target_option.can_inline_p;
  targetm.target_option.can_inline_p = canInline;
}
