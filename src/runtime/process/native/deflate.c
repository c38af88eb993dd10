/*
 * Makes gzip members on a thread of libuv, as a Node-API module: begin() gives a compressor; member(compressor, block, output, how) a
 * promise for how many bytes of `output` the member of all of `block` takes, -1 where there is no room for it; end(compressor) gives its
 * memory back. `how` is an array of 32-bit numbers: the level, and after how many bytes of the block the compressor begins anew, 0 for never;
 * behind these comes, for each time it did, where in the member. One member has to end before the next begins, and no array may be changed or
 * transferred meanwhile.
 *
 * What compresses is the zlib in Node, whose functions are declared here, see module.h, and the result is what Node's streams make, which
 * take several turns of the main thread for it. The module is linked so that it does not load where the functions are missing.
 */
#include "thread-work.h"

typedef struct {
  const uint8_t *next_in;
  unsigned available_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned available_out;
  unsigned long total_out;
  const char *message;
  void *state;
  void *allocate;
  void *release;
  void *opaque;
  int data_type;
  unsigned long checksum;
  unsigned long reserved;
} zlib_stream;
extern int deflateInit2_(zlib_stream *stream, int level, int method, int window_bits, int memory_level, int strategy,
                         const char *version, int stream_size);
extern int deflateReset(zlib_stream *stream);
extern int deflateParams(zlib_stream *stream, int level, int strategy);
extern int deflate(zlib_stream *stream, int flush);
extern int deflateEnd(zlib_stream *stream);
extern const char *zlibVersion(void);

enum { OK = 0, STREAM_END = 1, FULL_FLUSH = 3, FINISH = 4, DEFLATED = 8, GZIP_WINDOW = 31, MEMORY_LEVEL = 9 };
enum { ARGUMENTS = 4, LEVEL_AT = 0, STEP_AT = 1, ENDS_AT = 2, LARGEST = 1 << 30 };

struct compressor {
  zlib_stream stream;
  int is_busy;
  int is_ended;
};

struct member {
  struct thread_work work;
  struct compressor *compressor;
  const uint8_t *block;
  size_t size;
  uint8_t *output;
  size_t room;
  uint32_t *how;
  size_t how_count;
  double made;
};

/* Gives the memory of zlib back, as soon as nothing uses it. */
static void end_stream(struct compressor *compressor) {
  compressor->is_ended = 1;
  if (!compressor->is_busy && compressor->stream.state != NULL) {
    deflateEnd(&compressor->stream);
    compressor->stream.state = NULL;
  }
}

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct compressor *compressor = data;
  end_stream(compressor);
  /* While the program ends a thread may still be at work. */
  if (!compressor->is_busy) {
    free(compressor);
  }
}

static napi_value begin(napi_env env, napi_callback_info info) {
  (void)info;
  static const zlib_stream unused;
  napi_value state = NULL;
  struct compressor *compressor = malloc(sizeof *compressor);
  if (compressor != NULL) {
    compressor->stream = unused;
    compressor->is_busy = 0;
    compressor->is_ended = 0;
    if (deflateInit2_(&compressor->stream, 6, DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, 0, zlibVersion(),
                      (int)sizeof compressor->stream) == OK) {
      if (napi_create_external(env, compressor, release, NULL, &state) == napi_ok) {
        return state;
      }
      end_stream(compressor);
    }
    free(compressor);
  }
  napi_throw_error(env, NULL, "a compressor cannot be begun");
  return NULL;
}

static void make_member(void *job) {
  struct member *member = job;
  zlib_stream *stream = &member->compressor->stream;
  member->made = -1;
  stream->next_out = member->output;
  stream->available_out = (unsigned)member->room;
  stream->available_in = 0;
  if (deflateReset(stream) != OK || deflateParams(stream, (int)member->how[LEVEL_AT], 0) != OK) {
    return;
  }
  size_t step = member->how[STEP_AT] == 0 ? member->size : member->how[STEP_AT];
  size_t at = 0;
  for (size_t flushes = 0; member->size - at > step; at += step, flushes++) {
    stream->next_in = member->block + at;
    stream->available_in = (unsigned)step;
    if (ENDS_AT + flushes >= member->how_count || deflate(stream, FULL_FLUSH) != OK || stream->available_out == 0) {
      return;
    }
    member->how[ENDS_AT + flushes] = (uint32_t)stream->total_out;
  }
  stream->next_in = member->block + at;
  stream->available_in = (unsigned)(member->size - at);
  if (deflate(stream, FINISH) == STREAM_END) {
    member->made = (double)stream->total_out;
  }
}

static napi_value made_bytes(napi_env env, napi_status status, const void *job) {
  const struct member *member = job;
  napi_value value = NULL;
  member->compressor->is_busy = 0;
  if (member->compressor->is_ended) {
    end_stream(member->compressor);
  }
  napi_create_double(env, status == napi_ok ? member->made : -1, &value);
  return value;
}

static int numbers_of(napi_env env, napi_value value, uint32_t **numbers, size_t *count) {
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, count, &data, NULL, NULL) != napi_ok || type != napi_uint32_array) {
    return 0;
  }
  *numbers = data;
  return 1;
}

static napi_value member(napi_env env, napi_callback_info info) {
  size_t count = ARGUMENTS;
  napi_value arguments[ARGUMENTS];
  uint8_t *block = NULL;
  struct member *member = malloc(sizeof *member);
  if (member == NULL) {
    napi_throw_error(env, NULL, "no memory to compress bytes");
    return NULL;
  }
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != ARGUMENTS ||
      (member->compressor = external_of(env, arguments[0])) == NULL || member->compressor->is_busy ||
      member->compressor->is_ended || !bytes_of(env, arguments[1], &block, &member->size) ||
      !bytes_of(env, arguments[2], &member->output, &member->room) ||
      !numbers_of(env, arguments[3], &member->how, &member->how_count) || member->how_count < ENDS_AT ||
      member->how[LEVEL_AT] > 9 || member->size > LARGEST || member->room > LARGEST) {
    free(member);
    napi_throw_type_error(env, NULL, "member takes a compressor that rests, two arrays of bytes, and one of numbers");
    return NULL;
  }
  member->block = block;
  member->work.run = make_member;
  member->work.result = made_bytes;
  struct compressor *compressor = member->compressor;
  compressor->is_busy = 1;
  napi_value promise = begin_thread_work(env, member, "deflate", arguments, ARGUMENTS);
  compressor->is_busy = promise != NULL;
  return promise;
}

static napi_value end(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  struct compressor *compressor = NULL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      (compressor = external_of(env, argument)) == NULL) {
    napi_throw_type_error(env, NULL, "end takes a compressor");
    return NULL;
  }
  end_stream(compressor);
  return NULL;
}

EXPORTS({"begin", begin}, {"member", member}, {"end", end})
