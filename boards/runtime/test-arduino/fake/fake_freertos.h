// FreeRTOS as hal/arduino uses it; the ports differ in the unit of a stack and in the tick.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct FakeSemaphore {
  bool taken;
  const void* owner;
};
typedef FakeSemaphore StaticSemaphore_t;
typedef FakeSemaphore* SemaphoreHandle_t;
struct FakeTask;
typedef FakeTask* TaskHandle_t;
struct StaticTask_t {
  int unused;
};
typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint32_t TickType_t;
typedef void (*TaskFunction_t)(void*);
#if defined(ARDUINO_ARCH_ESP32)
typedef uint8_t StackType_t;
#else
typedef uint32_t StackType_t;
#endif
#if defined(ARDUINO_NRF52_ADAFRUIT)
#define configTICK_RATE_HZ 1024
#else
#define configTICK_RATE_HZ 1000
#endif
#define portMAX_DELAY 0xffffffffu
#define pdTRUE 1
#define pdFALSE 0
#define pdMS_TO_TICKS(ms) static_cast<TickType_t>(static_cast<uint64_t>(ms) * configTICK_RATE_HZ / 1000)
#define portYIELD_FROM_ISR(woken) static_cast<void>(woken)
#define taskENTER_CRITICAL() static_cast<void>(0)
#define taskEXIT_CRITICAL() static_cast<void>(0)

TaskHandle_t fake_create_task(TaskFunction_t body, const char* name, size_t bytes, UBaseType_t priority, void* stack);
#if defined(ARDUINO_ARCH_ESP32)
inline TaskHandle_t xTaskCreateStaticPinnedToCore(TaskFunction_t body, const char* name, uint32_t bytes, void*,
                                                  UBaseType_t priority, StackType_t* stack, StaticTask_t*, BaseType_t) {
  return fake_create_task(body, name, bytes, priority, stack);
}
#elif defined(ARDUINO_ARCH_RP2040)
inline TaskHandle_t xTaskCreateStaticAffinitySet(TaskFunction_t body, const char* name, uint32_t words, void*,
                                                 UBaseType_t priority, StackType_t* stack, StaticTask_t*, UBaseType_t) {
  return fake_create_task(body, name, words * sizeof(StackType_t), priority, stack);
}
#else
inline TaskHandle_t xTaskCreateStatic(TaskFunction_t body, const char* name, uint32_t words, void*, UBaseType_t priority,
                                      StackType_t* stack, StaticTask_t*) {
  return fake_create_task(body, name, words * sizeof(StackType_t), priority, stack);
}
#endif
void vTaskDelete(TaskHandle_t task);
void vTaskSuspend(TaskHandle_t task);
void vTaskDelay(TickType_t ticks);
TickType_t xTaskGetTickCount();
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
void vTaskNotifyGiveFromISR(TaskHandle_t task, BaseType_t* woken);
TaskHandle_t xTaskGetCurrentTaskHandle();
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t* memory);
BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex);
