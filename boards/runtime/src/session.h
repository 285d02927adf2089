// A session of the console: begun by Hello, in which Authorised requests are proven to come from who has the PIN and are
// carried out exactly once, however often a lossy line makes the host send them. At most one at a time; a reset ends it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "mehr_abi.h"
#include "mehr_console.h"

namespace mehr::session {

/// Begins a session with a fresh nonce, and ends the one before it. NoEntropy: then there is none.
enum mehr_status begin(uint8_t nonce[16]);
/// Forgets the session, its kept reply, a key made for a restore and a provisioning draft.
void end();

enum class Verdict : uint8_t { kRefuse, kRepeat, kCarryOut };
/// What is to be done with an Authorised request. kRefuse: `status` says why, BadSession, WrongPin, PinWait or
/// RecordFailed. kRepeat: it is the last one again, and kept() its reply. Counts wrong PINs.
Verdict check(const msg::AuthorisedRequest& request, enum mehr_status& status);

/// Puts the reply to the request that check() let through where kept() finds it: status u8 and two pieces, of which either
/// may lie in scratch(). Longest kFramePayloadMax in all.
void keep(uint8_t status, const void* a, size_t a_length, const void* b, size_t b_length);
/// The kept reply, status u8 in front; nullptr if there is none.
const uint8_t* kept(size_t& length);

/// kFramePayloadMax bytes to work in, where the kept reply lies, which is forgotten: it can then not be repeated, and who
/// asks for it again hears BadSession. A request's own reply is kept after it.
uint8_t* scratch();
void wipe_scratch();

/// The secret half of the key for one restore, 32 bytes to be filled; it is wiped with the session.
uint8_t* make_restore_key();
/// That key; nullptr if none was made.
const uint8_t* restore_key();
void forget_restore_key();

}  // namespace mehr::session
