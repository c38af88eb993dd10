/*
 * A SHA-256 that works on a thread of libuv, as a Node-API module: begin() gives a state; update(state, head, bytes) a promise that
 * resolves, with whether it could, when the bytes of both arrays are hashed, in this order; finish(state) the hash. One update has
 * to end before the next begins, and neither array may be changed or transferred meanwhile.
 *
 * The hash is that of the OpenSSL in Node, whose functions are declared here as flock.c does it. The module is linked so that it does
 * not load where they are missing.
 */
#define NAPI_VERSION 8
#include <node_api.h>

typedef struct evp_md_ctx EVP_MD_CTX;
typedef struct evp_md EVP_MD;
extern EVP_MD_CTX *EVP_MD_CTX_new(void);
extern void EVP_MD_CTX_free(EVP_MD_CTX *context);
extern const EVP_MD *EVP_sha256(void);
extern int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *type, void *engine);
extern int EVP_DigestUpdate(EVP_MD_CTX *context, const void *bytes, size_t length);
extern int EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *hash, unsigned int *length);
extern void *malloc(size_t size);
extern void free(void *memory);

enum { HASH_SIZE = 32, PIECES = 2 };

struct job {
  napi_async_work work;
  napi_deferred deferred;
  EVP_MD_CTX *context;
  const void *bytes[PIECES];
  size_t lengths[PIECES];
  /* So that the state and the arrays live. */
  napi_ref held[PIECES + 1];
  int done;
};

static void release(napi_env env, void *context, void *hint) {
  (void)env;
  (void)hint;
  EVP_MD_CTX_free(context);
}

static napi_value begin(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value state = NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
      napi_create_external(env, context, release, NULL, &state) != napi_ok) {
    EVP_MD_CTX_free(context);
    napi_throw_error(env, NULL, "a SHA-256 cannot be begun");
    return NULL;
  }
  return state;
}

static void execute(napi_env env, void *data) {
  (void)env;
  struct job *job = data;
  job->done = 1;
  for (int at = 0; at < PIECES; at++) {
    job->done = job->done && EVP_DigestUpdate(job->context, job->bytes[at], job->lengths[at]) == 1;
  }
}

static void complete(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  napi_value value = NULL;
  napi_get_boolean(env, status == napi_ok && job->done, &value);
  napi_resolve_deferred(env, job->deferred, value);
  for (int at = 0; at <= PIECES; at++) {
    napi_delete_reference(env, job->held[at]);
  }
  napi_delete_async_work(env, job->work);
  free(job);
}

static int state_of(napi_env env, napi_value value, EVP_MD_CTX **context) {
  napi_valuetype type;
  void *data = NULL;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external ||
      napi_get_value_external(env, value, &data) != napi_ok) {
    return 0;
  }
  *context = data;
  return 1;
}

static int bytes_of(napi_env env, napi_value array, const void **bytes, size_t *length) {
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_get_typedarray_info(env, array, &type, length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    return 0;
  }
  *bytes = data;
  return 1;
}

static napi_value update(napi_env env, napi_callback_info info) {
  size_t count = PIECES + 1;
  napi_value arguments[PIECES + 1];
  napi_value name;
  napi_value promise = NULL;
  struct job *job = malloc(sizeof *job);
  if (job == NULL) {
    napi_throw_error(env, NULL, "no memory to hash bytes");
    return NULL;
  }
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != PIECES + 1 ||
      !state_of(env, arguments[0], &job->context) || !bytes_of(env, arguments[1], &job->bytes[0], &job->lengths[0]) ||
      !bytes_of(env, arguments[2], &job->bytes[1], &job->lengths[1])) {
    free(job);
    napi_throw_type_error(env, NULL, "update takes a state and two arrays of bytes");
    return NULL;
  }
  for (int at = 0; at <= PIECES; at++) {
    if (napi_create_reference(env, arguments[at], 1, &job->held[at]) != napi_ok) {
      napi_throw_error(env, NULL, "bytes cannot be hashed");
      return NULL;
    }
  }
  if (napi_create_string_utf8(env, "sha256", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    /* Only without memory, or while the program ends. */
    napi_throw_error(env, NULL, "bytes cannot be hashed");
    return NULL;
  }
  return promise;
}

static napi_value finish(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  EVP_MD_CTX *context = NULL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      !state_of(env, argument, &context)) {
    napi_throw_type_error(env, NULL, "finish takes a state");
    return NULL;
  }
  unsigned char hash[HASH_SIZE];
  unsigned int length = 0;
  napi_value value = NULL;
  if (EVP_DigestFinal_ex(context, hash, &length) != 1 || length != HASH_SIZE ||
      napi_create_buffer_copy(env, HASH_SIZE, hash, NULL, &value) != napi_ok) {
    napi_throw_error(env, NULL, "a SHA-256 cannot be finished");
    return NULL;
  }
  return value;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"begin", begin}, {"update", update}, {"finish", finish}};
  for (size_t at = 0; at < sizeof functions / sizeof *functions; at++) {
    napi_value function;
    if (napi_create_function(env, functions[at].name, NAPI_AUTO_LENGTH, functions[at].call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[at].name, function) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}
