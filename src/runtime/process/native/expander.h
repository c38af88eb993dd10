/*
 * FUNCTION(input, size, output): expands the first `size` bytes of `input` into `output`, as a Node-API module. A promise for how many
 * bytes that gave; -1 when the bytes are not exactly what the module expands, sound, or `output` is too small for what they hold. It works
 * on a thread of libuv: neither array may be changed or transferred before the promise resolves.
 *
 * The file that includes this says what is expanded, in `expand`.
 */
#include "thread-work.h"

struct expansion {
  struct thread_work work;
  const uint8_t *input;
  size_t size;
  uint8_t *output;
  size_t room;
  double expanded;
};

/* The bytes that were written to the output, or -1. */
static double expand(const struct expansion *expansion);

static void run_expansion(void *job) {
  struct expansion *expansion = job;
  expansion->expanded = expand(expansion);
}

static napi_value expanded_bytes(napi_env env, napi_status status, const void *job) {
  const struct expansion *expansion = job;
  napi_value value = NULL;
  napi_create_double(env, status == napi_ok ? expansion->expanded : -1, &value);
  return value;
}

static napi_value begin_expansion(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  uint8_t *input = NULL;
  size_t length = 0;
  int64_t size = 0;
  struct expansion *expansion = malloc(sizeof *expansion);
  if (expansion == NULL) {
    napi_throw_error(env, NULL, "no memory to expand bytes");
    return NULL;
  }
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 3 ||
      !bytes_of(env, arguments[0], &input, &length) || napi_get_value_int64(env, arguments[1], &size) != napi_ok ||
      size < 0 || (uint64_t)size > length || !bytes_of(env, arguments[2], &expansion->output, &expansion->room)) {
    free(expansion);
    napi_throw_type_error(env, NULL, "it takes an array of bytes, a size within it, and another array of bytes");
    return NULL;
  }
  expansion->work.run = run_expansion;
  expansion->work.result = expanded_bytes;
  expansion->input = input;
  expansion->size = (size_t)size;
  const napi_value held[] = {arguments[0], arguments[2]};
  return begin_thread_work(env, expansion, "expand", held, 2);
}
