// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "cpu/random.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/calls/syscall.h"

namespace syscall {

int64_t sysUname(const Arguments &A) {
  struct { // struct new_utsname
    char System[65] = "Linux";
    char Node[65] = "segshift";
    char Release[65] = "6.1.0-segshift-stub"; // the interface that libcs see
    char Version[65] = "kernel TLS mode " MODE_NAME;
    char Machine[65] = "x86_64";
    char Domain[65] = "(none)";
  } Name;
  return putUser(A[0], Name) ? 0 : -EFAULT;
}

int64_t sysGetrandom(const Arguments &A) {
  enum : uint64_t { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };
  if ((A[2] & ~7ull) ||
      (A[2] & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
    return -EINVAL;
  for (uint64_t Done = 0; Done < A[1]; Done += 8) {
    uint64_t Bytes = random::next();
    uint64_t N = A[1] - Done < 8 ? A[1] - Done : 8;
    if (!copyToUser(A[0] + Done, &Bytes, N))
      return Done ? static_cast<int64_t>(Done) : -EFAULT;
  }
  return A[1];
}

} // namespace syscall
