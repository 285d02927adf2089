#include "board_config.h"
#include "console.h"
#include "hal.h"
#include "relay.h"

// Under the Arduino framework main() is the framework's own and starts its scheduler; hal/arduino enters by setup().
#if MEHR_BOARD_VIRTUAL
int main(int argc, char** argv) {
  if (mehr::hal::init(argc, argv) != mehr::hal::Code::kOk) return 1;
  mehr::console::init();
  mehr::relay::run();
}
#endif
