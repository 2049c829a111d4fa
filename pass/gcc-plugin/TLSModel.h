//===- TLSModel.h - dynamic TLS models become static ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SEGSHIFT_GCC_PLUGIN_TLSMODEL_H
#define SEGSHIFT_GCC_PLUGIN_TLSMODEL_H

namespace segshift {

/// From here on each thread-local variable gets the wanted model when its
/// symbol is made, whoever declared it and however late.
void overrideTLSModel();

} // namespace segshift

#endif
