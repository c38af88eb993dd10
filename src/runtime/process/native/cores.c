/*
 * bindToCore(thread, core): sched_setaffinity(thread, {core}) as a Node-API module. Returns 0, else the errno. `thread` is an id of the
 * kernel; threads that it makes later are bound as well.
 *
 * The mask is as large as that of glibc, 1024 cores.
 */
#include "module.h"

enum { EINVAL = 22, ENOSYS = 38, MOST_CORES = 1024, WORD = 64 };

#ifdef __linux__
extern int sched_setaffinity(int pid, size_t size, const void *mask);
extern int *__errno_location(void);

static int bind(int thread, int core) {
  uint64_t mask[MOST_CORES / WORD];
  for (int at = 0; at < MOST_CORES / WORD; at++) {
    mask[at] = at == core / WORD ? (uint64_t)1 << (core % WORD) : 0;
  }
  return sched_setaffinity(thread, sizeof mask, mask) == 0 ? 0 : *__errno_location();
}
#else
static int bind(int thread, int core) {
  (void)thread;
  (void)core;
  return ENOSYS;
}
#endif

static napi_value bind_to_core(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  int32_t thread = 0;
  int32_t core = -1;
  int32_t result = EINVAL;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok && count == 2 &&
      napi_get_value_int32(env, arguments[0], &thread) == napi_ok &&
      napi_get_value_int32(env, arguments[1], &core) == napi_ok && thread > 0 && core >= 0 && core < MOST_CORES) {
    result = bind(thread, core);
  }
  napi_value value = NULL;
  napi_create_int32(env, result, &value);
  return value;
}

EXPORTS({"bindToCore", bind_to_core})
