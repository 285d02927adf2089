// Who may change the board: its PIN, its button, and for a moment after power-on whoever plugged it in. docs/console.md,
// Locking, says what that protects from and what not.
#pragma once
#include <stdint.h>

#include "mehr_abi.h"
#include "mehr_console.h"

namespace mehr::lock {

/// How long the button opens the board, and how long after power-on a factory reset needs no PIN.
constexpr uint32_t kHeldMs = 60 * 1000;
constexpr uint32_t kPowerOnMs = 60 * 1000;

/// Reads the count of wrong PINs; once the records are mounted, or refused to be.
void start();
/// Looks at the button; call it often.
void poll();
/// When poll() wants to be called although nothing arrives; 2^64-1 for never.
uint64_t next_poll_ms();

msg::LockState state();
/// A PIN is set and the button has not opened the board.
inline bool locked() { return state() == msg::LockState::kLocked; }
/// How long no PIN is looked at, after wrong ones.
uint32_t wait_ms();
/// The key that proves an Authorised request: the PIN's, or 32 zeros without one.
const uint8_t* key();
/// True when somebody has just switched the board on, or pressed its reset button: the owner, or a thief.
bool just_switched_on();

/// A PIN is about to be looked at: Ok, PinWait, or RecordFailed when the attempt could not be counted. Ok without a PIN.
enum mehr_status attempt();
/// What came of it.
void right();
void wrong();

}  // namespace mehr::lock
