#include "last_words.h"

#include <string.h>

#include "crc32.h"

namespace mehr {

static constexpr uint32_t kMagic = 0x4d48524c;

// At most `most` bytes of `text`, not ending inside a character of UTF-8 (RFC 3629: bytes behind the first are 10xxxxxx).
static size_t cut(const char* text, size_t length, size_t most) {
  if (length <= most) return length;
  while (most > 0 && (text[most] & 0xc0) == 0x80) most--;
  return most;
}

void LastWords::keep(const char* sentence) {
  magic = 0;  // whatever ends the run in the middle of this, no half sentence is found
  size_t n = cut(sentence, strlen(sentence), sizeof text);
  memcpy(text, sentence, n);
  length = static_cast<uint32_t>(n);
  crc = crc32(crc32(0, &length, sizeof length), text, n);
  magic = kMagic;
}

size_t LastWords::take(char* out, size_t capacity) {
  bool sound = magic == kMagic && length <= sizeof text && capacity > 0 &&
               crc == crc32(crc32(0, &length, sizeof length), text, length);
  size_t n = sound ? cut(text, length, capacity - 1) : 0;
  if (n > 0) memcpy(out, text, n);
  if (capacity > 0) out[n] = 0;
  forget();
  return n;
}

}  // namespace mehr
