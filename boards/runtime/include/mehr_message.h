// How messages of the console are taken apart and put together (mehr_console.h): little-endian fields one after the
// other, in memory that is given. Nothing is allocated, nothing is read or written outside the bytes given, and the
// first field that does not fit ends it: every step returns whether it went well.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace mehr::msg {

/// Bytes of somebody else.
struct Span {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

/// An i16 that is not there.
constexpr int16_t kNone = INT16_MIN;

/// Bytes at the beginning of `text` that are UTF-8 (RFC 3629) without control characters (U+0000-001F, U+007F-009F).
inline size_t text_prefix(const uint8_t* text, size_t size) {
  size_t at = 0;
  while (at < size) {
    const uint8_t first = text[at];
    size_t more = 0;
    uint8_t least = 0x80, most = 0xbf;  // of the second byte: keeps out long forms, surrogates, and above U+10FFFF
    if (first < 0x80) {
      if (first < 0x20 || first == 0x7f) return at;
    } else if (first >= 0xc2 && first <= 0xdf) {
      more = 1;
      if (first == 0xc2) least = 0xa0;  // U+0080-009F are control characters
    } else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first == 0xe0) least = 0xa0;
      if (first == 0xed) most = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first == 0xf0) least = 0x90;
      if (first == 0xf4) most = 0x8f;
    } else {
      return at;
    }
    if (size - at <= more) return at;
    for (size_t i = 1; i <= more; i++) {
      const uint8_t byte = text[at + i];
      if (byte < (i == 1 ? least : 0x80) || byte > (i == 1 ? most : 0xbf)) return at;
    }
    at += 1 + more;
  }
  return at;
}

inline bool is_text(Span text) { return text_prefix(text.data, text.size) == text.size; }

/// What of a sentence a text field of `max` bytes takes: its beginning, up to the first thing that is not text.
inline Span text_of(const char* sentence, size_t max) {
  const uint8_t* data = reinterpret_cast<const uint8_t*>(sentence);
  size_t size = 0;
  while (size < max && sentence[size] != 0) size++;
  return Span{data, text_prefix(data, size)};
}

class Reader;

/// Elements one behind the other. For a writer `bytes` is all that counts.
template <class M>
struct List {
  Span bytes;
  size_t count = 0;
  /// Reads element `index`; false if there is none.
  bool at(size_t index, M& element) const;
};

class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  size_t left() const { return left_; }

  bool number(uint8_t& v, uint8_t least = 0, uint8_t most = UINT8_MAX) { return take(v, least, most); }
  bool number(uint16_t& v, uint16_t least = 0, uint16_t most = UINT16_MAX) { return take(v, least, most); }
  bool number(uint32_t& v, uint32_t least = 0, uint32_t most = UINT32_MAX) { return take(v, least, most); }
  bool number(uint64_t& v, uint64_t least = 0, uint64_t most = UINT64_MAX) { return take(v, least, most); }
  bool number(int16_t& v, int16_t least = INT16_MIN, int16_t most = INT16_MAX) {
    uint16_t bits;
    if (!number(bits)) return false;
    v = static_cast<int16_t>(bits);
    return v >= least && v <= most;
  }
  template <class E>
  bool choice(E& v, uint8_t last) {
    uint8_t value;
    if (!number(value, 0, last)) return false;
    v = static_cast<E>(value);
    return true;
  }
  bool bytes(const uint8_t*& v, size_t size) {
    if (left_ < size) return false;
    v = data_;
    skip(size);
    return true;
  }
  bool blob(Span& v, size_t max) {
    uint8_t size;
    if (!number(size) || size > max || !bytes(v.data, size)) return false;
    v.size = size;
    return true;
  }
  bool text(Span& v, size_t max) { return blob(v, max) && is_text(v); }
  bool rest(Span& v, size_t max) {
    v.size = left_;
    return v.size <= max && bytes(v.data, v.size);
  }
  bool rest_text(Span& v, size_t max) { return rest(v, max) && is_text(v); }
  template <class M>
  bool list(List<M>& v, size_t max) {
    v.bytes = Span{data_, left_};
    for (v.count = 0; left_ > 0; v.count++) {
      M element;
      if (v.count == max || !read(*this, element)) return false;
    }
    return true;
  }

 private:
  template <class T>
  bool take(T& v, T least, T most) {
    if (left_ < sizeof(T)) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); i++) value |= static_cast<uint64_t>(data_[i]) << (8 * i);
    skip(sizeof(T));
    v = static_cast<T>(value);
    return v >= least && v <= most;
  }
  void skip(size_t size) {
    if (size > 0) data_ += size;
    left_ -= size;
  }
  const uint8_t* data_;
  size_t left_;
};

template <class M>
bool List<M>::at(size_t index, M& element) const {
  Reader in(bytes.data, bytes.size);
  for (size_t i = 0; i <= index; i++) {
    if (in.left() == 0 || !read(in, element)) return false;
  }
  return true;
}

class Writer {
 public:
  Writer(uint8_t* out, size_t capacity) : out_(out), capacity_(capacity) {}
  size_t size() const { return size_; }

  bool number(uint8_t v, uint8_t least = 0, uint8_t most = UINT8_MAX) { return put(v, least, most); }
  bool number(uint16_t v, uint16_t least = 0, uint16_t most = UINT16_MAX) { return put(v, least, most); }
  bool number(uint32_t v, uint32_t least = 0, uint32_t most = UINT32_MAX) { return put(v, least, most); }
  bool number(uint64_t v, uint64_t least = 0, uint64_t most = UINT64_MAX) { return put(v, least, most); }
  bool number(int16_t v, int16_t least = INT16_MIN, int16_t most = INT16_MAX) {
    return v >= least && v <= most && number(static_cast<uint16_t>(v));
  }
  template <class E>
  bool choice(E v, uint8_t last) {
    return number(static_cast<uint8_t>(v), 0, last);
  }
  /// Null stands for zeros.
  bool bytes(const uint8_t* v, size_t size) {
    if (capacity_ - size_ < size) return false;
    if (size == 0) return true;
    if (v == nullptr) {
      memset(out_ + size_, 0, size);
    } else {
      memcpy(out_ + size_, v, size);
    }
    size_ += size;
    return true;
  }
  bool blob(Span v, size_t max) {
    return v.size <= max && number(static_cast<uint8_t>(v.size)) && bytes(v.data, v.size);
  }
  bool text(Span v, size_t max) { return is_text(v) && blob(v, max); }
  bool rest(Span v, size_t max) { return v.size <= max && bytes(v.data, v.size); }
  bool rest_text(Span v, size_t max) { return is_text(v) && rest(v, max); }
  template <class M>
  bool list(const List<M>& v, size_t max) {
    List<M> again;
    return Reader(v.bytes.data, v.bytes.size).list(again, max) && bytes(v.bytes.data, v.bytes.size);
  }

 private:
  template <class T>
  bool put(T v, T least, T most) {
    if (v < least || v > most || capacity_ - size_ < sizeof(T)) return false;
    for (size_t i = 0; i < sizeof(T); i++) out_[size_ + i] = static_cast<uint8_t>(static_cast<uint64_t>(v) >> (8 * i));
    size_ += sizeof(T);
    return true;
  }
  uint8_t* out_;
  size_t capacity_;
  size_t size_ = 0;
};

/// Reads a whole message; what it holds points into `data`.
template <class M>
bool parse(const uint8_t* data, size_t size, M& m) {
  Reader in(data, size);
  return read(in, m) && in.left() == 0;
}

/// Writes a message; 0 if it does not fit, or holds what parse() would refuse.
template <class M>
size_t emit(uint8_t* out, size_t capacity, const M& m) {
  Writer writer(out, capacity);
  return write(writer, m) ? writer.size() : 0;
}

/// Writes a status and what follows it; 0 as emit().
template <class M>
size_t emit_reply(uint8_t* out, size_t capacity, uint8_t status, const M& m) {
  Writer writer(out, capacity);
  return writer.number(status) && write(writer, m) ? writer.size() : 0;
}

}  // namespace mehr::msg
