// Runs translated modules and prints what came of them, a word and a value to a line (tests/support/native-aot.ts).
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "mehr_aot.h"
#include "native-aot.h"

// AddressSanitizer's frames are large, and it looks after no stack of more than 64 MB.
#define STACK_BYTES (48u << 20)
// Room for one function that does not ask how much is left, and for the reports of the sanitizers.
#define STACK_RESERVE (1u << 20)
// A case takes milliseconds; one that takes this much time of the processor never ends.
#ifndef CASE_SECONDS
#define CASE_SECONDS 20
#endif

static uintptr_t stack_limit;
static jmp_buf boundary;
static enum mehr_aot_trap trapped;
static uint64_t import_count;

_Noreturn void mehr_aot_trap(enum mehr_aot_trap trap) {
  trapped = trap;
  longjmp(boundary, 1);
}

size_t mehr_aot_stack_left(void) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  return here > stack_limit ? here - stack_limit : 0;
}

void *native_aligned(const void *pointer, size_t alignment) {
  if ((uintptr_t)pointer % alignment != 0) {
    fprintf(stderr, "an address is no multiple of %zu, though the code says so\n", alignment);
    abort();
  }
  return (void *)(uintptr_t)pointer;
}

static uint64_t rotate(uint64_t x, unsigned bits) { return x << bits | x >> (64 - bits); }

uint64_t native_import(uint64_t seed, const uint64_t *arguments, size_t count) {
  uint64_t mix = (seed ^ ++import_count) * UINT64_C(0x9e3779b97f4a7c15);
  for (size_t i = 0; i < count; i++) mix = (rotate(mix, 23) ^ arguments[i]) * UINT64_C(0xd6e8feb86659fd93);
  return mix ^ mix >> 32;
}

static bool instantiate(const struct native_case *c) {
  import_count = 0;
  if (setjmp(boundary) != 0) {
    printf("trap %s\n", mehr_aot_trap_text(trapped));
    return false;
  }
  c->instantiate();
  puts("none");
  return true;
}

static void call(const struct native_call *call) {
  if (setjmp(boundary) != 0) {
    printf("trap %s\n", mehr_aot_trap_text(trapped));
    return;
  }
  uint64_t value = call->function(call->arguments);
  if (call->result) {
    printf("value %" PRIu64 "\n", value);
  } else {
    puts("none");
  }
}

// hashMemory in native-aot.ts.
static void print_hash(const uint8_t *memory, uint32_t bytes) {
  uint32_t a = 0x811c9dc5, b = bytes;
  for (uint32_t at = 0; at + 4 <= bytes; at += 4) {
    uint32_t word;
    memcpy(&word, memory + at, 4);
    a = (a ^ word) * 0x01000193;
    b = ((b << 5 | b >> 27) ^ word) * 0x9e3779b1;
  }
  printf("memory %08" PRIx32 "%08" PRIx32 "\n", a, b);
}

static void run(const struct native_case *c) {
  bool alive = instantiate(c);
  for (size_t i = 0; alive && i < c->call_count; i++) {
    // What instantiated once does so again; a second line tells if not.
    if (c->calls[i].fresh) alive = instantiate(c);
    if (alive) call(&c->calls[i]);
  }
  if (c->memory == NULL) {
    puts("memory ");
    return;
  }
  uint32_t bytes;
  const uint8_t *memory = c->memory(&bytes);
  print_hash(memory, bytes);
}

static void *run_all(void *unused) {
  (void)unused;
  stack_limit = (uintptr_t)__builtin_frame_address(0) - (STACK_BYTES - STACK_RESERVE);
  for (size_t i = 0; i < native_case_count; i++) {
    const struct itimerval patience = {.it_value = {.tv_sec = CASE_SECONDS}};
    setitimer(ITIMER_VIRTUAL, &patience, NULL);
    printf("case %zu\n", i);
    // What a crash leaves unprinted would accuse an earlier case.
    fflush(stdout);
    run(native_cases[i]);
  }
  return NULL;
}

int main(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
      pthread_create(&thread, &attributes, run_all, NULL) != 0 || pthread_join(thread, NULL) != 0) {
    fputs("cannot run a thread with its own stack\n", stderr);
    return 1;
  }
  puts("end");
  return 0;
}
