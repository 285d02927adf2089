// The board as a Linux process: console and radio are unix sockets it connects to, record flash is a file with the
// same page semantics as the real thing. Arguments: --console PATH --radio PATH --flash FILE. With --console pty:PATH
// the console is a pseudo-terminal that it makes and links to PATH.
#include "hal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "linux/kept.h"
#include "linux/pty.h"
#include "virtual/radio_uart.h"
#include "virtual/raw_entropy.h"

namespace mehr::hal {

namespace {

constexpr size_t kPageSize = 4096;
constexpr size_t kPages = 2;
constexpr int kWriteTimeoutMs = 10000;
// Set by reset() for the program it starts: the descriptors of the two open lines.
constexpr const char* kPortsAfterReset = "MEHR_PORTS_AFTER_RESET";
constexpr const char* kHung = "the core did not return in time";
constexpr size_t kStackAllowed = 2 * 1024 * 1024;

constexpr const char* kPty = "pty:";
// How soon it is noticed that somebody has opened the pseudo-terminal: poll() cannot wait for that.
constexpr uint64_t kPtyLookMs = 50;

int s_console = -1, s_radio = -1, s_flash = -1;
bool s_console_is_pty;
char** s_argv;
uintptr_t s_stack_start;
uint64_t s_start_ns;

uint64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

int connect_to(const char* path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) {
    fprintf(stderr, "mehr: socket path %s is longer than the %zu bytes Linux allows\n", path,
            sizeof address.sun_path - 1);
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fprintf(stderr, "mehr: cannot connect to %s: %s\n", path, strerror(errno));
    return -1;
  }
  return fd;
}

// Opens the record file; a new or shorter one is filled up with erased flash.
int open_flash(const char* path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    fprintf(stderr, "mehr: cannot open record file %s: %s\n", path, strerror(errno));
    return -1;
  }
  static uint8_t erased[kPageSize];
  memset(erased, 0xff, sizeof erased);
  for (size_t at = static_cast<size_t>(info.st_size); at < kPages * kPageSize;) {
    size_t n = kPageSize - at % kPageSize;
    if (pwrite(fd, erased, n, static_cast<off_t>(at)) != static_cast<ssize_t>(n)) return -1;
    at += n;
  }
  return fd;
}

// Whoever holds the other ends owns this process: when it closes either line there is nothing left to run for. A line
// that fails in any other way is a failure of this process.
[[noreturn]] void line_ended(int error) { _exit(error == 0 || error == EPIPE || error == ECONNRESET ? 0 : 1); }

size_t read_socket(int fd, uint8_t* out, size_t capacity) {
  ssize_t n = recv(fd, out, capacity, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) line_ended(n == 0 ? 0 : errno);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

Code write_socket(int fd, const uint8_t* bytes, size_t length) {
  while (length > 0) {
    ssize_t n = ::send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      bytes += n;
      length -= static_cast<size_t>(n);
      continue;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) line_ended(errno);
    pollfd wait = {fd, POLLOUT, 0};
    if (poll(&wait, 1, kWriteTimeoutMs) == 0) return Code::kTimeout;
  }
  return Code::kOk;
}

}  // namespace

Code init(int argc, char** argv) {
  s_argv = argv;
  s_stack_start = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  s_start_ns = now_ns();
  const char *console = nullptr, *radio = nullptr, *flash = nullptr;
  bool usage = argc % 2 == 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--console") == 0) {
      console = argv[i + 1];
    } else if (strcmp(argv[i], "--radio") == 0) {
      radio = argv[i + 1];
    } else if (strcmp(argv[i], "--flash") == 0) {
      flash = argv[i + 1];
    } else {
      usage = true;
    }
  }
  if (usage || !console || !radio || !flash) {
    fprintf(stderr, "usage: %s --console SOCKET|pty:LINK --radio SOCKET --flash FILE\n", argc > 0 ? argv[0] : "mehr");
    return Code::kRange;
  }
  s_console_is_pty = strncmp(console, kPty, strlen(kPty)) == 0;
  const char* ports = getenv(kPortsAfterReset);
  if (ports && sscanf(ports, "%d %d", &s_console, &s_radio) == 2) {
    unsetenv(kPortsAfterReset);
    fcntl(s_console, F_SETFD, FD_CLOEXEC);
    fcntl(s_radio, F_SETFD, FD_CLOEXEC);
    kept_init(true);
  } else {
    kept_init(false);
    s_console = s_console_is_pty ? pty_open(console + strlen(kPty)) : connect_to(console);
    s_radio = s_console >= 0 ? connect_to(radio) : -1;
  }
  s_flash = s_radio >= 0 ? open_flash(flash) : -1;
  button_init(flash);
  return s_flash >= 0 ? Code::kOk : Code::kIo;
}

uint64_t ticks() { return now_ns() - s_start_ns; }
uint32_t tick_hz() { return 1000000000; }
uint64_t now_ms() { return ticks() / 1000000; }

Code raw_entropy(uint8_t* out, size_t length) {
  while (length > 0) {
    ssize_t n = getrandom(out, length, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Code::kIo;
    out += n;
    length -= static_cast<size_t>(n);
  }
  return Code::kOk;
}

size_t console_read(uint8_t* out, size_t capacity) {
  return s_console_is_pty ? pty_read(s_console, out, capacity) : read_socket(s_console, out, capacity);
}
Code console_write(const uint8_t* bytes, size_t length) {
  return s_console_is_pty ? pty_write(s_console, bytes, length) : write_socket(s_console, bytes, length);
}
size_t radio_uart_read(uint8_t* out, size_t capacity) { return read_socket(s_radio, out, capacity); }
Code radio_uart_write(const uint8_t* bytes, size_t length) { return write_socket(s_radio, bytes, length); }

void sleep_until(uint64_t deadline_ms) {
  uint64_t now = now_ms();
  uint64_t radio_ms = virtual_radio_deadline();
  if (radio_ms < deadline_ms) deadline_ms = radio_ms;
  if (now >= deadline_ms) return;
  uint64_t left = deadline_ms - now;
  // A pseudo-terminal that nobody has open would wake poll() at once, with POLLHUP; poll() passes over a descriptor of -1.
  bool closed = s_console_is_pty && !pty_connected(s_console);
  pollfd wait[3] = {{closed ? -1 : s_console, POLLIN, 0}, {s_radio, POLLIN, 0}, {button_events(), POLLIN, 0}};
  uint64_t longest = closed ? kPtyLookMs : 60000;
  int button = button_wait_ms();
  if (button >= 0 && static_cast<uint64_t>(button) < longest) longest = static_cast<uint64_t>(button);
  poll(wait, 3, static_cast<int>(left < longest ? left : longest));
  button_look();
}

// CPU time, not wall time: waiting in poll() is no endless loop.
void watchdog(uint32_t seconds) {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    last_words_keep(kHung);
    fault(kHung);
  };
  action.sa_flags = SA_NODEFER;  // fault() stays in the handler, and a REBOOT from there must not inherit a mask
  itimerval timer = {};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  static bool installed;
  if (!installed) installed = sigaction(SIGVTALRM, &action, nullptr) == 0;
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

static uint32_t s_flash_writes;

uint32_t flash_writes() { return s_flash_writes; }

size_t flash_page_size() { return kPageSize; }
size_t flash_page_count() { return kPages; }

static bool inside(size_t offset, size_t length) {
  return length <= kPages * kPageSize && offset <= kPages * kPageSize - length;
}

Code flash_read(size_t offset, void* out, size_t length) {
  if (!inside(offset, length)) return Code::kRange;
  return pread(s_flash, out, length, static_cast<off_t>(offset)) == static_cast<ssize_t>(length) ? Code::kOk
                                                                                                 : Code::kIo;
}

Code flash_program(size_t offset, const void* bytes, size_t length) {
  if (!inside(offset, length) || offset % 4 != 0 || length % 4 != 0) return Code::kRange;
  s_flash_writes += static_cast<uint32_t>(length / 4);
  uint8_t page[kPageSize];
  const uint8_t* p = static_cast<const uint8_t*>(bytes);
  while (length > 0) {
    size_t n = length < sizeof page ? length : sizeof page;
    if (flash_read(offset, page, n) != Code::kOk) return Code::kIo;
    for (size_t i = 0; i < n; i++) page[i] &= p[i];  // NOR: programming can only clear bits
    if (pwrite(s_flash, page, n, static_cast<off_t>(offset)) != static_cast<ssize_t>(n)) return Code::kIo;
    offset += n, p += n, length -= n;
  }
  return fdatasync(s_flash) == 0 ? Code::kOk : Code::kIo;
}

Code flash_erase(size_t page) {
  if (page >= kPages) return Code::kRange;
  s_flash_writes++;
  uint8_t erased[kPageSize];
  memset(erased, 0xff, sizeof erased);
  bool written = pwrite(s_flash, erased, sizeof erased, static_cast<off_t>(page * kPageSize)) == sizeof erased;
  return written && fdatasync(s_flash) == 0 ? Code::kOk : Code::kIo;
}

// A reset is the same program from the start, on the same two lines: a serial line outlives the board's reset.
void reset() {
  char ports[32];
  snprintf(ports, sizeof ports, "%d %d", s_console, s_radio);
  fcntl(s_console, F_SETFD, 0);
  fcntl(s_radio, F_SETFD, 0);
  setenv(kPortsAfterReset, ports, 1);
  kept_reset_asked();
  execv("/proc/self/exe", s_argv);
  _exit(1);
}

void halt() { _exit(0); }

size_t stack_size() { return 0; }
size_t stack_used() { return 0; }
size_t stack_left() {
  // Linux gives the main thread 8 MB unless told otherwise; a quarter of that is more than any board has.
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  size_t used = here < s_stack_start ? s_stack_start - here : 0;
  return used < kStackAllowed ? kStackAllowed - used : 0;
}
size_t heap_used() { return 0; }

}  // namespace mehr::hal
