#pragma once
#include "esp_partition.h"
esp_err_t uart_set_wakeup_threshold(int uart, int edges);
