// A byte queue between one interrupt handler (put) and the main loop (get), without locks: each side writes only its
// own index. When it is full the handler leaves the byte in the UART, whose flow control then holds the sender.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr::hal {

template <size_t Size>
class Ring {
  static_assert((Size & (Size - 1)) == 0, "indices wrap with a mask");

 public:
  bool full() const { return head_ - tail_ == Size; }
  bool empty() const { return head_ == tail_; }
  void put(uint8_t byte) {
    bytes_[head_ & (Size - 1)] = byte;
    head_ = head_ + 1;
  }
  uint8_t get() {
    uint8_t byte = bytes_[tail_ & (Size - 1)];
    tail_ = tail_ + 1;
    return byte;
  }

 private:
  volatile uint32_t head_ = 0;
  volatile uint32_t tail_ = 0;
  volatile uint8_t bytes_[Size] = {};
};

}  // namespace mehr::hal
