/* A thread-local array and how one TLS model reaches it. NAME: prefix of what is
   exported; SIZE: bytes; compiled by models.sh with the options of the model.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#ifndef SIZE
#define SIZE 64
#endif
#ifdef LOCAL
static
#endif
    __thread unsigned char PASTE(NAME, _data)[SIZE] = {17, 4};
static __thread int count;

/* The sum of the first two bytes and of how often it was called in this thread; all
   bytes become Value. -1 if not all bytes were what they should be. */
int PASTE(NAME, _use)(int Value) {
  unsigned char *data = PASTE(NAME, _data);
  int sum = data[0] + data[1] + count;
  for (int i = 2; i != SIZE; ++i)
    if (data[i] != (count ? data[0] : 0))
      return -1;
  for (int i = 0; i != SIZE; ++i)
    data[i] = (unsigned char)Value;
  ++count;
  return sum;
}
