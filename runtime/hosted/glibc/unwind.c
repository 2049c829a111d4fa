/* Exceptions that nothing in the world catches. link-program.sh puts these two
 * in front of the unwinder's own: on the host's frames, that knows no way on
 * and says so to its caller, which ends the process (std::terminate, or Rust's
 * abort). Before that, the function is named by which the host came in.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "threads.h"

#include <stdint.h>
#include <unwind.h>

/* Weak: the unwinder is not linked for C. */
#define WEAK __attribute__((weak))
WEAK _Unwind_Reason_Code
__real__Unwind_RaiseException(struct _Unwind_Exception *exception);
WEAK _Unwind_Reason_Code
__real__Unwind_Resume_or_Rethrow(struct _Unwind_Exception *exception);
#pragma weak _Unwind_Backtrace
#pragma weak _Unwind_GetIP

/* The last two places: the world's outermost function, and its caller. */
static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *out) {
  uintptr_t *places = out;
  places[0] = places[1];
  places[1] = _Unwind_GetIP(context);
  return _URC_NO_REASON;
}

static _Unwind_Reason_Code check(_Unwind_Reason_Code code) {
  uintptr_t places[2] = {0, 0};
  if (code == _URC_END_OF_STACK) {
    _Unwind_Backtrace(note, places);
    tell_exception((void *)places[0], (void *)places[1]);
  }
  return code;
}

_Unwind_Reason_Code
__wrap__Unwind_RaiseException(struct _Unwind_Exception *exception) {
  return check(__real__Unwind_RaiseException(exception));
}

_Unwind_Reason_Code
__wrap__Unwind_Resume_or_Rethrow(struct _Unwind_Exception *exception) {
  return check(__real__Unwind_Resume_or_Rethrow(exception));
}
