/*
 * gunzip(input, size, output): expands one gzip member, see expander.h.
 *
 * What expands is libdeflate, of the package libdeflate-dev; it checks the CRC-32 and the size at the end of the member.
 */
#include "expander.h"
#include <libdeflate.h>

enum { FLAGS_AT = 3, HEADER_CRC = 2 };

static double expand(const struct expansion *member) {
  /* The CRC of a header is looked at by zlib alone. */
  if (member->size <= FLAGS_AT || (member->input[FLAGS_AT] & HEADER_CRC) != 0) {
    return -1;
  }
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
  if (decompressor == NULL) {
    return -1;
  }
  size_t taken = 0;
  size_t given = 0;
  enum libdeflate_result result = libdeflate_gzip_decompress_ex(decompressor, member->input, member->size,
                                                                member->output, member->room, &taken, &given);
  libdeflate_free_decompressor(decompressor);
  return result == LIBDEFLATE_SUCCESS && taken == member->size ? (double)given : -1;
}

EXPORTS({"gunzip", begin_expansion})
