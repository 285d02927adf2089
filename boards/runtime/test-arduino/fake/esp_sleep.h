#pragma once
#include "esp_partition.h"
typedef enum { ESP_SLEEP_WAKEUP_UNDEFINED, ESP_SLEEP_WAKEUP_ALL, ESP_SLEEP_WAKEUP_TIMER, ESP_SLEEP_WAKEUP_GPIO, ESP_SLEEP_WAKEUP_UART } esp_sleep_source_t;
typedef esp_sleep_source_t esp_sleep_wakeup_cause_t;
esp_err_t esp_sleep_enable_gpio_wakeup();
esp_err_t esp_sleep_enable_uart_wakeup(int uart);
esp_err_t esp_sleep_enable_timer_wakeup(uint64_t us);
esp_err_t esp_sleep_disable_wakeup_source(esp_sleep_source_t source);
esp_sleep_wakeup_cause_t esp_sleep_get_wakeup_cause();
esp_err_t esp_light_sleep_start();
[[noreturn]] void esp_deep_sleep_start();
