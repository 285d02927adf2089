// A console on a pseudo-terminal: what a person or a program opens as they would a board's serial port. Like a UART with
// nothing plugged in, it loses what is said while nobody has it open.
#pragma once
#include "hal.h"

namespace mehr::hal {

/// Makes a raw pseudo-terminal and a symbolic link to it at `path`, where nothing may be yet. The descriptor of the
/// board's end, or -1 with the reason on stderr.
int pty_open(const char* path);
/// True while somebody has the other end open.
bool pty_connected(int fd);
size_t pty_read(int fd, uint8_t* out, size_t capacity);
/// Writes all bytes; kTimeout when who has the port open does not read, kIo when the descriptor is of no use.
Code pty_write(int fd, const uint8_t* bytes, size_t length);

}  // namespace mehr::hal
