/*
 * A SHA-256 that works on a thread of libuv, as a Node-API module: begin() gives a state; update(state, head, bytes) a promise that
 * resolves, with whether it could, when the bytes of both arrays are hashed, in this order; finish(state) the hash. One update has
 * to end before the next begins, and neither array may be changed or transferred meanwhile.
 *
 * The hash is that of the OpenSSL in Node, whose functions are declared here, see module.h. The module is linked so that it does
 * not load where they are missing.
 */
#include "thread-work.h"

typedef struct evp_md_ctx EVP_MD_CTX;
typedef struct evp_md EVP_MD;
extern EVP_MD_CTX *EVP_MD_CTX_new(void);
extern void EVP_MD_CTX_free(EVP_MD_CTX *context);
extern const EVP_MD *EVP_sha256(void);
extern int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *type, void *engine);
extern int EVP_DigestUpdate(EVP_MD_CTX *context, const void *bytes, size_t length);
extern int EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *hash, unsigned int *length);

enum { HASH_SIZE = 32, PIECES = 2 };

struct update {
  struct thread_work work;
  EVP_MD_CTX *context;
  uint8_t *bytes[PIECES];
  size_t lengths[PIECES];
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

static void hash(void *job) {
  struct update *update = job;
  update->done = 1;
  for (int at = 0; at < PIECES; at++) {
    update->done = update->done && EVP_DigestUpdate(update->context, update->bytes[at], update->lengths[at]) == 1;
  }
}

static napi_value whether_hashed(napi_env env, napi_status status, const void *job) {
  const struct update *update = job;
  napi_value value = NULL;
  napi_get_boolean(env, status == napi_ok && update->done, &value);
  return value;
}

static napi_value update(napi_env env, napi_callback_info info) {
  size_t count = PIECES + 1;
  napi_value arguments[PIECES + 1];
  struct update *update = malloc(sizeof *update);
  if (update == NULL) {
    napi_throw_error(env, NULL, "no memory to hash bytes");
    return NULL;
  }
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != PIECES + 1 ||
      (update->context = external_of(env, arguments[0])) == NULL ||
      !bytes_of(env, arguments[1], &update->bytes[0], &update->lengths[0]) ||
      !bytes_of(env, arguments[2], &update->bytes[1], &update->lengths[1])) {
    free(update);
    napi_throw_type_error(env, NULL, "update takes a state and two arrays of bytes");
    return NULL;
  }
  update->work.run = hash;
  update->work.result = whether_hashed;
  return begin_thread_work(env, update, "sha256", arguments, PIECES + 1);
}

static napi_value finish(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  EVP_MD_CTX *context = NULL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      (context = external_of(env, argument)) == NULL) {
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

EXPORTS({"begin", begin}, {"update", update}, {"finish", finish})
