#include "console.h"
#include "hal.h"
#include "relay.h"

int main(int argc, char** argv) {
  if (mehr::hal::init(argc, argv) != mehr::hal::Code::kOk) return 1;
  mehr::console::init();
  mehr::relay::run();
}
