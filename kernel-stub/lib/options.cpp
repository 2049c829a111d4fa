// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/options.h"
#include "lib/string.h"

namespace options {

static char Line[1024];

void init(const char *CommandLine) {
  size_t N = strlen(CommandLine);
  if (N >= sizeof(Line))
    N = sizeof(Line) - 1;
  memcpy(Line, CommandLine, N);
  Line[N] = 0;
}

const char *get(const char *Key) {
  static char Value[MaxValue];
  size_t KeyLength = strlen(Key);
  for (const char *S = Line; *S;) {
    while (*S == ' ')
      ++S;
    const char *End = S;
    while (*End && *End != ' ')
      ++End;
    if (static_cast<size_t>(End - S) > KeyLength && S[KeyLength] == '=' &&
        !memcmp(S, Key, KeyLength)) {
      S += KeyLength + 1;
      size_t N = End - S;
      if (N >= sizeof(Value))
        N = sizeof(Value) - 1;
      memcpy(Value, S, N);
      Value[N] = 0;
      return Value;
    }
    S = End;
  }
  return nullptr;
}

uint64_t getNumber(const char *Key, uint64_t Default) {
  const char *S = get(Key);
  if (!S || !*S)
    return Default;
  uint64_t N = 0;
  for (; *S; ++S) {
    if (*S < '0' || *S > '9')
      return Default;
    N = N * 10 + (*S - '0');
  }
  return N;
}

} // namespace options
