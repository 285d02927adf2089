// What hal.h asks of a real board's power and radio chip: a virtual board has neither.
#include "hal.h"

namespace mehr::hal {

const char* radio_clock() { return ""; }
uint32_t battery_mv() { return 0; }
bool resting() { return false; }

}  // namespace mehr::hal
