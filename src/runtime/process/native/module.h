/*
 * What the native modules share: Node-API, and the ways to name their functions and to take bytes.
 *
 * Functions of libc are declared where they are used rather than included, so that the build needs the compiler alone and the result runs
 * with any libc the process has loaded.
 */
#ifndef MODULE_H
#define MODULE_H

#define NAPI_VERSION 8
#include <node_api.h>

struct named_function {
  const char *name;
  napi_callback call;
};

/* The `exports` of a module with these functions; NULL where there is no memory for them. */
static inline napi_value exporting(napi_env env, napi_value exports, const struct named_function *functions,
                                   size_t count) {
  for (size_t at = 0; at < count; at++) {
    const struct named_function *each = &functions[at];
    napi_value function;
    if (napi_create_function(env, each->name, NAPI_AUTO_LENGTH, each->call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, each->name, function) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}

/* The module's exports are these functions: EXPORTS({"name", function}, ...) */
#define EXPORTS(...)                                                                        \
  NAPI_MODULE_INIT() {                                                                      \
    const struct named_function functions[] = {__VA_ARGS__};                                \
    return exporting(env, exports, functions, sizeof functions / sizeof *functions);        \
  }

/* Whether `value` is an array of bytes, and where these are. */
static inline int bytes_of(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok || type != napi_uint8_array) {
    return 0;
  }
  *bytes = data;
  return 1;
}

/* What begin() gave, which a module keeps in a value of JavaScript; NULL where `value` is anything else. */
static inline void *external_of(napi_env env, napi_value value) {
  napi_valuetype type;
  void *data = NULL;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external ||
      napi_get_value_external(env, value, &data) != napi_ok) {
    return NULL;
  }
  return data;
}

#endif
