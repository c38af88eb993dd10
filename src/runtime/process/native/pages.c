/*
 * dropPages(start, length): madvise(start, length, MADV_DONTNEED) as a Node-API module. Returns 0, else the errno. Addresses and
 * lengths are numbers: user space ends far below 2^53.
 *
 * For clean pages of a file that is mapped read-only the kernel forgets only that they are mapped; they are there again when
 * they are touched. The caller sees to it that no other pages are among them.
 */
#include "module.h"

extern int madvise(void *start, size_t length, int advice);
extern int *__errno_location(void);

enum { MADV_DONTNEED = 4, EINVAL = 22 };

static napi_value drop_pages(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  int64_t start = 0;
  int64_t length = 0;
  int32_t result = EINVAL;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok && count == 2 &&
      napi_get_value_int64(env, arguments[0], &start) == napi_ok &&
      napi_get_value_int64(env, arguments[1], &length) == napi_ok && start > 0 && length > 0) {
    result = madvise((void *)(uintptr_t)start, (size_t)length, MADV_DONTNEED) == 0 ? 0 : *__errno_location();
  }
  napi_value value = NULL;
  napi_create_int32(env, result, &value);
  return value;
}

EXPORTS({"dropPages", drop_pages})
