#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

namespace mehr::hal {

namespace {

// As long as the bare-metal boards wait for a UART (bare/line.h).
constexpr int kWriteTimeoutMs = 10000;

// Raw: no echo, no line editing, every byte as it is (termios(3)). Opening and closing the other end once also makes
// poll() say POLLHUP from the start: before its first opening Linux would keep what is written for whoever comes.
bool make_raw(const char* name) {
  int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (other < 0) return false;
  termios settings;
  bool done = tcgetattr(other, &settings) == 0;
  if (done) {
    cfmakeraw(&settings);
    done = tcsetattr(other, TCSANOW, &settings) == 0;
  }
  close(other);
  return done;
}

short events_now(int fd, short wanted, int timeout_ms) {
  pollfd ask = {fd, wanted, 0};
  return poll(&ask, 1, timeout_ms) > 0 ? ask.revents : 0;
}

}  // namespace

int pty_open(const char* path) {
  char name[64];
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, sizeof name) != 0 || !make_raw(name) ||
      fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    fprintf(stderr, "mehr: cannot make a pseudo-terminal: %s\n", strerror(errno));
    return -1;
  }
  if (symlink(name, path) != 0) {
    fprintf(stderr, "mehr: cannot link %s to %s: %s\n", path, name, strerror(errno));
    return -1;
  }
  return fd;
}

bool pty_connected(int fd) { return (events_now(fd, POLLIN, 0) & POLLHUP) == 0; }

size_t pty_read(int fd, uint8_t* out, size_t capacity) {
  // EIO: nobody has the other end open (tty_ioctl(4) calls it a hangup); what was typed before is read first.
  ssize_t n = read(fd, out, capacity);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

Code pty_write(int fd, const uint8_t* bytes, size_t length) {
  static bool stalled;
  while (length > 0) {
    if (!pty_connected(fd)) return Code::kOk;
    ssize_t n = write(fd, bytes, length);
    if (n > 0) {
      stalled = false;
      bytes += n;
      length -= static_cast<size_t>(n);
      continue;
    }
    if (n < 0 && errno == EIO) return Code::kOk;  // closed just now
    if (n < 0 && errno != EAGAIN && errno != EINTR) return Code::kIo;
    // Who does not read must not hold up the relay at every line it logs.
    if (stalled) return Code::kTimeout;
    if (events_now(fd, POLLOUT, kWriteTimeoutMs) == 0) {
      stalled = true;
      return Code::kTimeout;
    }
  }
  return Code::kOk;
}

}  // namespace mehr::hal
