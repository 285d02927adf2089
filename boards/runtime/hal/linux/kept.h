// What a Linux process has in place of a board's reset controller, retained RAM, button and program flash.
#pragma once

namespace mehr::hal {

/// `after_reset`: reset() has started this program. Finds what it passed on.
void kept_init(bool after_reset);
/// Passes on to the next program what a reset leaves of this one.
void kept_reset_asked();

/// The button is a file beside the record flash, `<flash>.button`: down while there is one.
void button_init(const char* flash_path);
/// A descriptor to poll for reading: something has happened to the button. -1: none.
int button_events();
/// The longest the button may go without a look, in ms from now; -1 for no limit.
int button_wait_ms();
/// Looks at the button.
void button_look();

}  // namespace mehr::hal
