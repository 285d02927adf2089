/* Instructions of wasm that have no operator in C, for C translated by toolchain/aot. Included by nothing else: the
 * names are short so that the translation can be read. */
#ifndef MEHR_AOT_OPS_H
#define MEHR_AOT_OPS_H

#include <string.h>

#include "mehr_aot.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "wasm memory is little-endian, and so must be the machine it is translated for"
#endif

/* A module may compare a value with itself or call itself for ever: that is its author's, not a slip of the C. */
#pragma GCC diagnostic ignored "-Wtautological-compare"
#pragma GCC diagnostic ignored "-Wtype-limits"
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#pragma GCC diagnostic ignored "-Wself-assign"
#pragma GCC diagnostic ignored "-Wxor-used-as-pow"
#else
#pragma GCC diagnostic ignored "-Wbool-compare"
#pragma GCC diagnostic ignored "-Wsign-compare"
#if __GNUC__ >= 12
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif
#endif

typedef uint32_t u32;
typedef uint64_t u64;

#define OP static inline __attribute__((always_inline, unused))

/* Sign extension of the low bits; the result is again unsigned. */
OP u32 sx8(u32 x) { return (u32)(int8_t)x; }
OP u32 sx16(u32 x) { return (u32)(int16_t)x; }
OP u64 sx8l(u64 x) { return (u64)(int8_t)x; }
OP u64 sx16l(u64 x) { return (u64)(int16_t)x; }
OP u64 sx32(u32 x) { return (u64)(int32_t)x; }

/* Accesses at addresses that are certainly aligned, 64-bit ones to 4 bytes. memcpy because the array's type is bytes. */
#define ALIGNED(p, n) __builtin_assume_aligned(p, n)
OP u32 load8(const uint8_t *p) { return *p; }
OP u32 load16a(const uint8_t *p) { uint16_t x; memcpy(&x, ALIGNED(p, 2), 2); return x; }
OP u32 load32a(const uint8_t *p) { u32 x; memcpy(&x, ALIGNED(p, 4), 4); return x; }
OP u64 load64a(const uint8_t *p) { u64 x; memcpy(&x, ALIGNED(p, 4), 8); return x; }
OP void store8(uint8_t *p, u32 x) { *p = (uint8_t)x; }
OP void store16a(uint8_t *p, u32 x) { uint16_t y = (uint16_t)x; memcpy(ALIGNED(p, 2), &y, 2); }
OP void store32a(uint8_t *p, u32 x) { memcpy(ALIGNED(p, 4), &x, 4); }
OP void store64a(uint8_t *p, u64 x) { memcpy(ALIGNED(p, 4), &x, 8); }

/* Accesses at any address. Where the machine has none, they are calls that look first: written out in place, byte by
 * byte, they would make the core half as large again. */
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__aarch64__) || defined(__x86_64__) || defined(__i386__)
OP u32 load16(const uint8_t *p) { uint16_t x; memcpy(&x, p, 2); return x; }
OP u32 load32(const uint8_t *p) { u32 x; memcpy(&x, p, 4); return x; }
OP u64 load64(const uint8_t *p) { u64 x; memcpy(&x, p, 8); return x; }
OP void store16(uint8_t *p, u32 x) { uint16_t y = (uint16_t)x; memcpy(p, &y, 2); }
OP void store32(uint8_t *p, u32 x) { memcpy(p, &x, 4); }
OP void store64(uint8_t *p, u64 x) { memcpy(p, &x, 8); }
#else
#define ANY static __attribute__((noinline, unused))
OP int word_aligned(const uint8_t *p) { return ((uintptr_t)p & 3) == 0; }
OP u32 load16(const uint8_t *p) { return (u32)p[0] | (u32)p[1] << 8; }
ANY u32 load32(const uint8_t *p) { return word_aligned(p) ? load32a(p) : load16(p) | load16(p + 2) << 16; }
ANY u64 load64(const uint8_t *p) { return word_aligned(p) ? load64a(p) : (u64)load32(p + 4) << 32 | load32(p); }
OP void store16(uint8_t *p, u32 x) { p[0] = (uint8_t)x, p[1] = (uint8_t)(x >> 8); }
ANY void store32(uint8_t *p, u32 x) {
  if (word_aligned(p)) store32a(p, x);
  else store16(p, x), store16(p + 2, x >> 16);
}
ANY void store64(uint8_t *p, u64 x) { store32(p, (u32)x), store32(p + 4, (u32)(x >> 32)); }
#endif

/* Shifts and rotations count modulo the width (core specification 4.3.2). */
OP u32 shl32(u32 x, u32 n) { return x << (n & 31); }
OP u32 shr32(u32 x, u32 n) { return x >> (n & 31); }
OP u32 sar32(u32 x, u32 n) { return (u32)((int32_t)x >> (n & 31)); }
OP u32 rotl32(u32 x, u32 n) { return x << (n & 31) | x >> (-n & 31); }
OP u32 rotr32(u32 x, u32 n) { return x >> (n & 31) | x << (-n & 31); }
OP u64 shl64(u64 x, u64 n) { return x << (n & 63); }
OP u64 shr64(u64 x, u64 n) { return x >> (n & 63); }
OP u64 sar64(u64 x, u64 n) { return (u64)((int64_t)x >> (n & 63)); }
OP u64 rotl64(u64 x, u64 n) { return x << (n & 63) | x >> (-n & 63); }
OP u64 rotr64(u64 x, u64 n) { return x >> (n & 63) | x << (-n & 63); }

OP u32 clz32(u32 x) { return x ? (u32)__builtin_clz(x) : 32; }
OP u32 ctz32(u32 x) { return x ? (u32)__builtin_ctz(x) : 32; }
OP u32 popcnt32(u32 x) { return (u32)__builtin_popcount(x); }
OP u64 clz64(u64 x) { return x ? (u64)__builtin_clzll(x) : 64; }
OP u64 ctz64(u64 x) { return x ? (u64)__builtin_ctzll(x) : 64; }
OP u64 popcnt64(u64 x) { return (u64)__builtin_popcountll(x); }

#define DIVISION(bits, type, stype, least)                                                     \
  OP type divs##bits(type a, type b) {                                                         \
    if (b == 0) mehr_aot_trap(MEHR_AOT_TRAP_DIVIDE_BY_ZERO);                                   \
    if (a == (least) && b == (type)-1) mehr_aot_trap(MEHR_AOT_TRAP_INTEGER_OVERFLOW);          \
    return (type)((stype)a / (stype)b);                                                        \
  }                                                                                            \
  OP type divu##bits(type a, type b) {                                                         \
    if (b == 0) mehr_aot_trap(MEHR_AOT_TRAP_DIVIDE_BY_ZERO);                                   \
    return a / b;                                                                              \
  }                                                                                            \
  OP type rems##bits(type a, type b) {                                                         \
    if (b == 0) mehr_aot_trap(MEHR_AOT_TRAP_DIVIDE_BY_ZERO);                                   \
    return b == (type)-1 ? 0 : (type)((stype)a % (stype)b);                                    \
  }                                                                                            \
  OP type remu##bits(type a, type b) {                                                         \
    if (b == 0) mehr_aot_trap(MEHR_AOT_TRAP_DIVIDE_BY_ZERO);                                   \
    return a % b;                                                                              \
  }
DIVISION(32, u32, int32_t, 0x80000000u)
DIVISION(64, u64, int64_t, UINT64_C(0x8000000000000000))
#undef DIVISION

/* Below this much stack a function that may come by itself again traps. The address of a variable in its frame is shown
 * around, so that the compiler cannot make a loop of the recursion, which would not end. */
#ifndef MEHR_AOT_STACK_RESERVE
#define MEHR_AOT_STACK_RESERVE 1024u
#endif
#define ENTER_RECURSIVE                                                                           \
  char frame;                                                                                     \
  __asm__ volatile("" : : "r"(&frame) : "memory");                                                \
  if (mehr_aot_stack_left() < MEHR_AOT_STACK_RESERVE) mehr_aot_trap(MEHR_AOT_TRAP_STACK)

#endif
