/* The second world of libsecondlibc.so, with musl, and of libsecondglibc.so,
 * with glibc: ordinary C, which finds out whether it works: its own malloc,
 * stdio, errno, locale, pthread_self, mutexes, thread-specific data and
 * thread-local variables, in threads of the host.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "second.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#ifdef __GLIBC__
static const char Ascii[] = "ANSI_X3.4-1968";
#else
static const char Ascii[] = "ASCII";
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static locale_t utf8;
static long work, threads, destructors, errors;

static _Thread_local long mine;
static _Thread_local char name[40] = "a thread of the host";
static _Thread_local pthread_t self;
static _Thread_local _Alignas(64) volatile char aligned[64];

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      __atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED);                        \
      dprintf(2, "second world: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                          \
  } while (0)

static void count(long *counter) {
  pthread_mutex_lock(&mutex);
  ++*counter;
  pthread_mutex_unlock(&mutex);
}

/* The thread's own list, freed by the key's destructor. */
struct list {
  struct list *next;
  char text[40];
};

static void end_thread(void *value) {
  EXPECT(pthread_self() == self);
  for (struct list *l = value, *next; l; l = next) {
    next = l->next;
    EXPECT(!strncmp(l->text, "call ", 5));
    free(l);
  }
  count(&destructors);
}

static void begin(void) {
  EXPECT(!pthread_key_create(&key, end_thread));
  utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", 0);
  EXPECT(utf8 != 0);
}

/* A constructor in the second world, before any call. */
static char *constructed;
__attribute__((constructor)) static void construct(void) {
  if (asprintf(&constructed, "pid %d", getpid()) < 0)
    constructed = NULL;
}

static void begin_thread(void) {
  EXPECT(!strcmp(name, "a thread of the host"));
  volatile char *address = aligned; /* not folded */
  __asm__("" : "+r"(address));
  EXPECT(((unsigned long)address & 63) == 0 && !*address);
  *address = 1;
  self = pthread_self();
  count(&threads);
  /* Every other thread has the locale of UTF-8. */
  uselocale(threads & 1 ? utf8 : LC_GLOBAL_LOCALE);
}

static void use_files(void) {
  char buffer[64];
  FILE *file = tmpfile();
  EXPECT(file != NULL);
  if (!file)
    return;
  EXPECT(fprintf(file, "%d %s\n", 17, "lines") > 0);
  EXPECT(fseek(file, 0, SEEK_SET) == 0);
  EXPECT(fgets(buffer, sizeof(buffer), file) && !strcmp(buffer, "17 lines\n"));
  fclose(file);
}

long world_work(const char *what) {
  pthread_once(&once, begin);
  if (!mine++)
    begin_thread();
  count(&work);
  EXPECT(pthread_self() == self);
  EXPECT(constructed && !strncmp(constructed, "pid ", 4));

  /* malloc, snprintf, strtod; a list that grows for a while. */
  struct list *list = malloc(sizeof(*list));
  EXPECT(list != NULL);
  if (!list)
    return errors;
  double value = (double)mine + 0.5;
  int length =
      snprintf(list->text, sizeof(list->text), "call %.20s %.1f", what, value);
  EXPECT(length > 5);
  EXPECT(strtod(strrchr(list->text, ' '), NULL) == value);
  list->next = pthread_getspecific(key);
  EXPECT(mine == 1 || list->next);
  if (mine % 32 == 0) {
    while (list->next) {
      struct list *next = list->next;
      EXPECT(!strncmp(next->text, "call ", 5));
      list->next = next->next;
      free(next);
    }
  }
  EXPECT(!pthread_setspecific(key, list));

  /* errno and locale are this thread's. */
  errno = 0;
  EXPECT(close(-1) == -1 && errno == EBADF);
  EXPECT(!strcmp(strerror(errno), "Bad file descriptor"));
  errno = (int)(mine & 0xff);
  int is_utf8 = uselocale(0) == utf8;
  EXPECT(!strcmp(nl_langinfo(CODESET), is_utf8 ? "UTF-8" : Ascii));
  wchar_t wide;
  mbstate_t state = {0};
  EXPECT((mbrtowc(&wide, "\xc3\xa9", 2, &state) == 2) == is_utf8);
  if (mine % 64 == 1)
    use_files();
  return errors;
}

long world_report(char *text, unsigned long size) {
  pthread_mutex_lock(&mutex);
  int length =
      snprintf(text, size, "work %ld threads %ld destructors %ld errors %ld",
               work, threads, destructors, errors);
  pthread_mutex_unlock(&mutex);
  return length;
}
