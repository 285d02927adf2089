#pragma once
#include <stdint.h>
#define ROSC_STATUS_STABLE_BITS 0x80000000u
namespace fake {
struct RandomBit {
  operator uint32_t() const;
};
struct Rosc {
  uint32_t status;
  RandomBit randombit;
};
extern Rosc rosc;
}  // namespace fake
#define rosc_hw (&fake::rosc)
