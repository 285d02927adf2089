// The only way this program fails: one line that says what is not as it must be, and where the power was cut.
#pragma once

namespace power_cut {

/// printf's arguments. Ends the process.
[[noreturn]] void stop(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace power_cut
