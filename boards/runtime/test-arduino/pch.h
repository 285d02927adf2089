// What nearly every file of the host build includes, compiled once.
#include <array>

#include "fake.h"
