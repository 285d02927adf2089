// From reset to main() and to the end of it. Included by the startup code of each bare-metal virtual board, once.
#pragma once
#include <stdint.h>

#include "hal.h"

extern "C" {
extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
extern void (*__init_array_start[])();
extern void (*__init_array_end[])();
int main(int, char**);
}

namespace mehr::hal {

/// Fills .data and .bss, runs the constructors and the program.
[[noreturn]] inline void run_program() {
  for (uint32_t *from = __data_load, *to = __data_start; to < __data_end;) *to++ = *from++;
  for (uint32_t* p = __bss_start; p < __bss_end;) *p++ = 0;
  for (void (**f)() = __init_array_start; f < __init_array_end; f++) (*f)();
  static char name[] = "mehr";
  static char* argv[] = {name, nullptr};
  main(1, argv);
  halt();
}

}  // namespace mehr::hal
