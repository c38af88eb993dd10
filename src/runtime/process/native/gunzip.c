/*
 * gunzip(input, size, output): expands the first `size` bytes of `input`, one gzip member, into `output`, as a Node-API module. A promise
 * for how many bytes that gave; -1 when the bytes are not exactly one sound member, or `output` is too small for what they
 * hold. It works on a thread of libuv: neither array may be changed or transferred before the promise resolves.
 *
 * What expands is libdeflate, of the package libdeflate-dev; it checks the CRC-32 and the size at the end of the member.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <libdeflate.h>

extern void *malloc(size_t size);
extern void free(void *memory);

enum { FLAGS_AT = 3, HEADER_CRC = 2 };

struct job {
  napi_async_work work;
  napi_deferred deferred;
  /* So that the arrays live. */
  napi_ref arrays[2];
  const uint8_t *input;
  size_t size;
  uint8_t *output;
  size_t room;
  double expanded;
};

static double expand(const struct job *job) {
  /* The CRC of a header is looked at by zlib alone. */
  if (job->size <= FLAGS_AT || (job->input[FLAGS_AT] & HEADER_CRC) != 0) {
    return -1;
  }
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
  if (decompressor == NULL) {
    return -1;
  }
  size_t taken = 0;
  size_t given = 0;
  enum libdeflate_result result =
      libdeflate_gzip_decompress_ex(decompressor, job->input, job->size, job->output, job->room, &taken, &given);
  libdeflate_free_decompressor(decompressor);
  return result == LIBDEFLATE_SUCCESS && taken == job->size ? (double)given : -1;
}

static void execute(napi_env env, void *data) {
  (void)env;
  struct job *job = data;
  job->expanded = expand(job);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  napi_value value = NULL;
  napi_create_double(env, status == napi_ok ? job->expanded : -1, &value);
  napi_resolve_deferred(env, job->deferred, value);
  napi_delete_reference(env, job->arrays[0]);
  napi_delete_reference(env, job->arrays[1]);
  napi_delete_async_work(env, job->work);
  free(job);
}

static int bytes_of(napi_env env, napi_value array, uint8_t **bytes, size_t *length) {
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_get_typedarray_info(env, array, &type, length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    return 0;
  }
  *bytes = data;
  return 1;
}

static napi_value gunzip(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_value name;
  napi_value promise = NULL;
  uint8_t *input = NULL;
  size_t length = 0;
  int64_t size = 0;
  struct job *job = malloc(sizeof *job);
  if (job == NULL) {
    napi_throw_error(env, NULL, "no memory to expand a member");
    return NULL;
  }
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 3 ||
      !bytes_of(env, arguments[0], &input, &length) || napi_get_value_int64(env, arguments[1], &size) != napi_ok ||
      size < 0 || (uint64_t)size > length || !bytes_of(env, arguments[2], &job->output, &job->room)) {
    free(job);
    napi_throw_type_error(env, NULL, "gunzip takes an array of bytes, a size within it, and another array of bytes");
    return NULL;
  }
  job->input = input;
  job->size = (size_t)size;
  if (napi_create_string_utf8(env, "gunzip", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_reference(env, arguments[0], 1, &job->arrays[0]) != napi_ok ||
      napi_create_reference(env, arguments[2], 1, &job->arrays[1]) != napi_ok ||
      napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    /* Only without memory, or while the program ends. */
    napi_throw_error(env, NULL, "a member cannot be expanded");
    return NULL;
  }
  return promise;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "gunzip", NAPI_AUTO_LENGTH, gunzip, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "gunzip", function) != napi_ok) {
    return NULL;
  }
  return exports;
}
