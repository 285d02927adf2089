// What the core did in one call: items one after the other, and what does not fit is told, not cut.
#include <string.h>

#include "check.h"
#include "outputs.h"

using namespace mehr;

void test_outputs() {
  // A reply has 9 bytes before its outputs.
  constexpr size_t kRoom = kFramePayloadMax - 9;
  static uint8_t bytes[kFramePayloadMax];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = static_cast<uint8_t>(i * 7);
  static Outputs outputs;
  CHECK(outputs.size() == 0 && !outputs.overflowed());

  const uint8_t key[2] = {1, 0};
  CHECK(outputs.add(kOutputResult, nullptr, 0, bytes, 5));
  CHECK(outputs.add(kOutputRecordPut, key, sizeof key, bytes, 3));
  CHECK(outputs.add(kOutputRecordDelete, key, sizeof key, nullptr, 0));
  const uint8_t expected[] = {5, 5, 0, 0, 7, 14, 21, 28, 2, 5, 0, 1, 0, 0, 7, 14, 3, 2, 0, 1, 0};
  CHECK(outputs.size() == sizeof expected && memcmp(outputs.data(), expected, sizeof expected) == 0);

  // The largest result of a primitive fits, and so does anything up to the last byte.
  outputs.clear();
  CHECK(outputs.add(kOutputResult, nullptr, 0, bytes, 1024));
  const size_t left = kRoom - outputs.size() - Outputs::kItemHeader;
  CHECK(!outputs.add(kOutputEvent, key, 1, bytes, left) && outputs.overflowed());
  CHECK(outputs.size() == 1024 + Outputs::kItemHeader);
  CHECK(outputs.add(kOutputEvent, key, 1, bytes, left - 1) && outputs.size() == kRoom);
  CHECK(!outputs.add(kOutputResult, nullptr, 0, nullptr, 0));
  outputs.clear();
  CHECK(!outputs.overflowed() && !outputs.add(kOutputResult, nullptr, 0, bytes, SIZE_MAX) && outputs.overflowed());
}
