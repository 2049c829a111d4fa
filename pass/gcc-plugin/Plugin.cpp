//===- Plugin.cpp - entry point of segshift_gcc.so ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <vector>

#include "KeepFS.h"
#include "MoveToGS.h"
#include "Options.h"
#include "OwnFS.h"
#include "Sites.h"
#include "TLSModel.h"
#include "Target.h"
#include "segshift/abi.h"

using namespace segshift;

// GCC asks for this name. Apache-2.0 is compatible with version 3 of the GPL.
__attribute__((visibility("default"))) int plugin_is_GPL_compatible;

/// Whether this compilation makes code, and not only what a later link makes
/// code of.
static bool makesCode() {
  return !flag_wpa && !(flag_generate_lto && !flag_fat_lto_objects);
}

/// Without SHF_MERGE: GNU as warns of it in sections of such a name.
static void writeNote() {
  fprintf(asm_out_file,
          "\t.pushsection\t%s,\"a\",@note\n\t.balign\t4\n"
          "\t.long\t%u,8,%u\n\t.asciz\t\"%s\"\n\t.balign\t4\n"
          "\t.long\t%u,%u\n\t.popsection\n"
          "\t.pushsection\t%s,\"\",@progbits\n\t.byte\t%u\n\t.popsection\n",
          SEGSHIFT_NOTE_SECTION, (unsigned)sizeof(SEGSHIFT_NOTE_NAME),
          SEGSHIFT_NOTE_TYPE, SEGSHIFT_NOTE_NAME, SEGSHIFT_ABI_VERSION,
          SEGSHIFT_MADE_BY_PLUGIN, SEGSHIFT_OBJECT_SECTION,
          SEGSHIFT_MADE_BY_PLUGIN);
}

static void startUnit(void *, void *) {
  if (TARGET_X32)
    error("segshift: the x32 ABI is not supported; compile for x86_64 or leave "
          "the plugin out for this target [SEG105]");
  if (!targetm.have_tls)
    error("segshift: this GCC emulates TLS, which has no thread pointer to "
          "move [SEG101]");
}

static void finishUnit(void *, void *) {
  if (!isSupportedTarget() || !makesCode() || seen_error() || !asm_out_file)
    return;
  writeSites();
  writeNote();
  if (TheOptions.Stats)
    fprintf(stderr,
            "segshift: %s: %u TLS uses moved to GS, %u FS uses left alone, %u "
            "canary loads moved to GS\n",
            main_input_filename, TheCounts.Moved, TheCounts.Kept,
            TheCounts.MovedCanaries);
}

extern "C" __attribute__((visibility("default"))) int
plugin_init(plugin_name_args *Info, plugin_gcc_version *Version) {
  if (!plugin_default_version_check(Version, &gcc_version))
    fatal_error(UNKNOWN_LOCATION,
                "segshift: %qs was built for GCC %s (%s) but is loaded by GCC "
                "%s (%s); take the one that was built for this GCC [SEG110]",
                Info->full_name, gcc_version.basever, gcc_version.datestamp,
                Version->basever, Version->datestamp);
  if (!readOptions(*Info))
    return 1;
  const char *Name = Info->base_name;
  overrideTLSModel();
  overrideInlining();
  register_callback(Name, PLUGIN_ATTRIBUTES, registerKeepFSAttribute, nullptr);
  register_callback(Name, PLUGIN_START_UNIT, startUnit, nullptr);
  register_callback(Name, PLUGIN_ALL_IPA_PASSES_START, checkFileScopeAssembly,
                    nullptr);
  register_callback(Name, PLUGIN_FINISH_UNIT, finishUnit, nullptr);
  register_pass_info Own = {makeOwnFSPass(), "expand", 1,
                            PASS_POS_INSERT_AFTER};
  register_callback(Name, PLUGIN_PASS_MANAGER_SETUP, nullptr, &Own);
  register_pass_info Move = {makeMoveToGSPass(), "final", 1,
                             PASS_POS_INSERT_BEFORE};
  register_callback(Name, PLUGIN_PASS_MANAGER_SETUP, nullptr, &Move);
  return 0;
}
