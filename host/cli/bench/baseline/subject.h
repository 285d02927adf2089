// What is counted besides the engines of a board: the core through wasm2c, or a C library that has the same primitives.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A result when the subject does not have the primitive at all.
#define SUBJECT_HAS_NONE INT32_MIN
/// A result when the subject refuses the input.
#define SUBJECT_REFUSES (-1)

/// Before anything is counted.
void subject_start(void);

/// Runs a primitive on input laid out as Primitive in core-as/assembly/abi.ts says, and points `out` at the result.
/// Bytes of the result, or one of the two above.
int32_t subject_run(uint32_t primitive, const uint8_t *input, size_t length, const uint8_t **out);

#ifdef __cplusplus
}
#endif
