//===- Sites.cpp - the on-purpose FS sites of a unit ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <string>
#include <vector>

#include "Sites.h"

using namespace segshift;

namespace {
struct Site {
  int Begin, End; // numbers of labels
};
/// Sites of one section of code.
struct SiteList {
  std::string Group; // of the function's COMDAT, or empty
  bool Wide;
  std::vector<Site> Sites;
};
} // namespace

static std::vector<SiteList> Lists;

/// A label that does not begin a block, and needs no bytes.
static int putLabel(rtx_insn *Insn, bool After) {
  rtx_note *Note = After ? emit_note_after(NOTE_INSN_DELETED, Insn)
                         : emit_note_before(NOTE_INSN_DELETED, Insn);
  NOTE_KIND(Note) = NOTE_INSN_DELETED_LABEL; // which the two refuse to make
  NOTE_DELETED_LABEL_NAME(Note) = "";
  CODE_LABEL_NUMBER(Note) = CODE_LABEL_NUMBER(gen_label_rtx());
  return CODE_LABEL_NUMBER(Note);
}

static bool changesSection(const rtx_insn *From, const rtx_insn *To) {
  for (; From != To; From = NEXT_INSN(From))
    if (NOTE_P(From) && NOTE_KIND(From) == NOTE_INSN_SWITCH_TEXT_SECTIONS)
      return true;
  return false;
}

void segshift::addSites(const std::vector<rtx_insn *> &Kept) {
  if (Kept.empty())
    return;
  SiteList List;
  if (tree Group = DECL_COMDAT_GROUP(current_function_decl))
    List.Group = IDENTIFIER_POINTER(Group);
  List.Wide = ix86_cmodel == CM_LARGE || ix86_cmodel == CM_LARGE_PIC ||
              ix86_cmodel == CM_MEDIUM || ix86_cmodel == CM_MEDIUM_PIC;
  SiteList Current = List;
  for (size_t I = 0; I < Kept.size();) {
    size_t Last = I;
    while (Last + 1 < Kept.size() &&
           next_active_insn(Kept[Last]) == Kept[Last + 1] &&
           !changesSection(Kept[Last], Kept[Last + 1]))
      ++Last;
    if (I > 0 && changesSection(Kept[I - 1], Kept[I])) {
      Lists.push_back(Current);
      Current = List;
    }
    int Begin = putLabel(Kept[I], /*After=*/false);
    Current.Sites.push_back({Begin, putLabel(Kept[Last], /*After=*/true)});
    I = Last + 1;
  }
  Lists.push_back(Current);
}

void segshift::writeSites() {
  for (const SiteList &List : Lists) {
    // Linked to the code by a label in it.
    fprintf(asm_out_file,
            "\t.pushsection\tsegshift_fs%s,\"awo%s\",@progbits,.L%d",
            List.Wide ? "64" : "", List.Group.empty() ? "" : "G",
            List.Sites[0].Begin);
    if (!List.Group.empty())
      fprintf(asm_out_file, ",%s,comdat", List.Group.c_str());
    const char *Field = List.Wide ? ".quad" : ".long";
    fputs("\n", asm_out_file);
    for (const Site &S : List.Sites)
      fprintf(asm_out_file, "\t%s\t.L%d-.\n\t%s\t.L%d-.\n", Field, S.Begin,
              Field, S.End);
    fputs("\t.popsection\n", asm_out_file);
  }
  Lists.clear();
}
