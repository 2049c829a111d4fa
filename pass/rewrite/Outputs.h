//===- Outputs.h - planned inputs become output files -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_REWRITE_OUTPUTS_H
#define SEGSHIFT_REWRITE_OUTPUTS_H

#include "Plan.h"
#include "command/Input.h"

namespace segshift {

/// What is to happen to one member of an input.
struct MemberPlan {
  bool IsRelocatable = false;
  Plan ThePlan;
  std::string Text; ///< the plan as it is printed, when asked for
  std::vector<std::string> Errors, Warnings;
  bool CouldNotBeRead = false; ///< else its errors are refusals
};

struct PlannedInput {
  Input In;
  std::vector<MemberPlan> Plans; ///< one for each of In.Members
};

/// Where the outputs go: one of the first three.
struct OutputConfig {
  std::string File, Directory;
  bool InPlace = false;
  bool Note = false; ///< add it to relocatable objects
  bool KeepTimes = false;

  bool any() const { return InPlace || !File.empty() || !Directory.empty(); }
};

/// Writes all outputs, or with an error none.
llvm::Error writeOutputs(llvm::ArrayRef<PlannedInput> Inputs,
                         const OutputConfig &Config);

} // namespace segshift
#endif
