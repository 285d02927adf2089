#include "wasm_check.h"

#include <string.h>

namespace mehr {

namespace {

// WebAssembly core specification 1.0, section 5: binary format.
struct Reader {
  const uint8_t* at;
  const uint8_t* end;

  uint32_t left() const { return static_cast<uint32_t>(end - at); }
  bool u8(uint8_t& value) {
    if (at == end) return false;
    value = *at++;
    return true;
  }
  bool u32(uint32_t& value) {  // LEB128, at most 5 bytes, no bits beyond 32
    value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      uint8_t byte;
      if (!u8(byte)) return false;
      if (shift == 28 && byte > 0x0f) return false;
      value |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool s32(int32_t& value) {  // signed LEB128
    uint32_t bits = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      uint8_t byte;
      if (!u8(byte)) return false;
      bits |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift < 28 && (byte & 0x40)) bits |= ~0u << (shift + 7);
        value = static_cast<int32_t>(bits);
        return true;
      }
    }
    return false;
  }
  bool skip(uint32_t n) {
    if (n > left()) return false;
    at += n;
    return true;
  }
};

// wasm3 steps through the subsections of `name` by their lengths, unchecked: a length near 2^32 sends it backwards.
const char* check_custom(Reader section) {
  uint32_t length;
  if (!section.u32(length) || length > section.left()) return "a custom section's name runs past it";
  bool names = length == 4 && memcmp(section.at, "name", 4) == 0;
  section.skip(length);
  while (names && section.left() > 0) {
    uint8_t kind;
    if (!section.u8(kind) || !section.u32(length) || !section.skip(length)) return "the name section is damaged";
  }
  return nullptr;
}

const char* check_code(Reader section) {
  uint32_t count, size;
  if (!section.u32(count)) return "the code section ends early";
  for (uint32_t i = 0; i < count; i++) {
    if (!section.u32(size) || !section.skip(size)) return "a function body runs past the code section";
  }
  return section.left() == 0 ? nullptr : "the code section has bytes left over";
}

const char* check_data(Reader section, uint32_t memory_limit) {
  uint32_t count, flags, size;
  if (!section.u32(count)) return "the data section ends early";
  for (uint32_t i = 0; i < count; i++) {
    uint8_t opcode, end;
    int32_t offset;
    if (!section.u32(flags)) return "the data section ends early";
    if (flags != 0) return "a data segment is passive or names another memory";
    if (!section.u8(opcode) || opcode != 0x41 || !section.s32(offset) || !section.u8(end) || end != 0x0b) {
      return "a data segment's offset is not a plain i32.const";
    }
    if (!section.u32(size) || !section.skip(size)) return "a data segment runs past the data section";
    if (offset < 0 || size > memory_limit || static_cast<uint32_t>(offset) > memory_limit - size) {
      return "a data segment lies outside the memory limit";
    }
  }
  return nullptr;
}

}  // namespace

const char* wasm_check(const uint8_t* bytes, uint32_t size, uint32_t memory_limit) {
  static const uint8_t kPreamble[8] = {0x00, 'a', 's', 'm', 1, 0, 0, 0};
  if (size < sizeof kPreamble || memcmp(bytes, kPreamble, sizeof kPreamble) != 0) {
    return "it does not start with the magic and version 1 of WebAssembly";
  }
  Reader module = {bytes + sizeof kPreamble, bytes + size};
  bool code = false;
  while (module.left() > 0) {
    uint8_t id;
    uint32_t length;
    if (!module.u8(id) || !module.u32(length)) return "it ends inside a section header";
    if (id > 12) return "it has a section of an unknown kind";
    Reader section = {module.at, module.at};
    if (!module.skip(length)) return "a section runs past the end: the module is cut short or damaged";
    section.end = module.at;
    const char* problem = nullptr;
    if (id == 0) problem = check_custom(section);
    if (id == 10) {
      code = true;
      problem = check_code(section);
    }
    if (id == 11) problem = check_data(section, memory_limit);
    if (problem) return problem;
  }
  return code ? nullptr : "it has no code section";
}

}  // namespace mehr
