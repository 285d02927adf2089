#include "linux/kept.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "hal.h"
#include "held_button.h"
#include "last_words.h"
#include "sha256.h"

namespace mehr::hal {

// ---- reset cause, last words -----------------------------------------------------------------------------------

// Set by reset() for the program it starts.
static constexpr const char* kLastWords = "MEHR_LAST_WORDS";

static msg::ResetCause s_cause = msg::ResetCause::kUnknown;
static LastWords s_words;

void kept_init(bool after_reset) {
  s_cause = after_reset ? msg::ResetCause::kSoftware : msg::ResetCause::kPowerOn;
  const char* words = after_reset ? getenv(kLastWords) : nullptr;
  if (words) s_words.keep(words);
  unsetenv(kLastWords);
}

void kept_reset_asked() {
  char words[kLastWordsMax + 1];
  if (s_words.take(words, sizeof words) > 0) setenv(kLastWords, words, 1);
}

msg::ResetCause reset_cause() { return s_cause; }
void last_words_keep(const char* sentence) { s_words.keep(sentence); }
size_t last_words_take(char* out, size_t capacity) { return s_words.take(out, capacity); }

// ---- button ----------------------------------------------------------------------------------------------------

static char s_button_path[PATH_MAX];
static int s_button_events = -1;
static HeldButton s_button;

void button_init(const char* flash_path) {
  int n = snprintf(s_button_path, sizeof s_button_path, "%s.button", flash_path);
  if (n < 0 || static_cast<size_t>(n) >= sizeof s_button_path) {
    s_button_path[0] = 0;
    return;
  }
  // Of the folder, since the file itself comes and goes; without this the button is seen when something else wakes us.
  char folder[PATH_MAX];
  strcpy(folder, s_button_path);
  char* slash = strrchr(folder, '/');
  if (slash) slash[1] = 0;
  s_button_events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (s_button_events < 0) return;
  if (inotify_add_watch(s_button_events, slash ? folder : ".", IN_CREATE | IN_MOVED_TO) < 0) {
    close(s_button_events);
    s_button_events = -1;
  }
}

int button_events() { return s_button_events; }
int button_wait_ms() { return s_button.down() ? static_cast<int>(HeldButton::kLookEveryMs) : -1; }

void button_look() {
  alignas(inotify_event) char events[4096];
  while (s_button_events >= 0 && read(s_button_events, events, sizeof events) > 0) {
  }
  s_button.look(s_button_path[0] != 0 && access(s_button_path, F_OK) == 0, now_ms());
}

bool button_held() {
  button_look();
  return s_button.held();
}

// ---- program ---------------------------------------------------------------------------------------------------

bool image_sha256(uint8_t out[32]) {
  static uint8_t digest[32];
  static bool known;
  if (!known) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    Sha256 hash;
    uint8_t bytes[16384];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) hash.update(bytes, static_cast<size_t>(n));
    close(fd);
    if (n < 0) return false;
    hash.finish(digest);
    known = true;
  }
  memcpy(out, digest, sizeof digest);
  return true;
}

}  // namespace mehr::hal
