/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/app_fs.h"

int segshift_app_arch_prctl(const struct segshift_app *app, int code,
                            uint64_t argument) {
  switch (code) {
  case SEGSHIFT_ARCH_SET_FS:
    if (!segshift_app_fs_valid(argument, app->address_limit))
      return -SEGSHIFT_EPERM;
    segshift_write_fs_base(argument);
    return 0;
  case SEGSHIFT_ARCH_GET_FS:
    return app->put_u64(argument, segshift_read_fs_base());
  default:
    return -SEGSHIFT_EINVAL;
  }
}
