/*
 * tryLock(fd): flock(fd, LOCK_EX | LOCK_NB) as a Node-API module. Returns 0 when the lock is taken, else the errno.
 * The lock lasts until the descriptor is closed.
 */
#include "module.h"

extern int flock(int fd, int operation);
extern int *__errno_location(void);

enum { LOCK_EX = 2, LOCK_NB = 4, EINTR = 4, EINVAL = 22 };

static napi_value try_lock(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t fd = -1;
  int32_t result = EINVAL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) == napi_ok && count == 1 &&
      napi_get_value_int32(env, argument, &fd) == napi_ok) {
    do {
      result = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : *__errno_location();
    } while (result == EINTR);
  }
  napi_value value = NULL;
  napi_create_int32(env, result, &value);
  return value;
}

EXPORTS({"tryLock", try_lock})
