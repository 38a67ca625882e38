/* LD_PRELOAD: every flush takes MODHOST_FLUSH_DELAY_US microseconds longer, as on a disk without a write cache. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_first(void) {
  const char* const text = getenv("MODHOST_FLUSH_DELAY_US");
  const long microseconds = text ? atol(text) : 0;
  struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&time, NULL);
}

int fdatasync(int descriptor) {
  int (*const next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_first();
  return next(descriptor);
}

int fsync(int descriptor) {
  int (*const next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_first();
  return next(descriptor);
}
