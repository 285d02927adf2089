#pragma once
#include "fake_freertos.h"
