// Sentences put together in a fixed buffer. printf would cost 10 KB of flash for what is a handful of lines.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace mehr {

template <size_t Capacity>
class Text {
 public:
  Text& operator<<(const char* text) {
    while (*text != 0 && length_ < Capacity) buffer_[length_++] = *text++;
    return *this;
  }
  Text& operator<<(uint32_t number) {
    char digits[10];
    size_t n = 0;
    do {
      digits[n++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    while (n > 0 && length_ < Capacity) buffer_[length_++] = digits[--n];
    return *this;
  }
  void clear() { length_ = 0; }
  /// Not zero-terminated: use with size().
  const char* data() const { return buffer_; }
  size_t size() const { return length_; }
  /// Zero-terminated.
  const char* c_str() {
    buffer_[length_] = 0;
    return buffer_;
  }

 private:
  char buffer_[Capacity + 1] = {};
  size_t length_ = 0;
};

}  // namespace mehr
