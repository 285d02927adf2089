// Requests of the console (toolchain/console/schema.ts), and how each is answered. dispatch() decides who may ask; the
// handlers behind it, by topic in requests_*.cpp, each take their payload apart and reply exactly once.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "mehr_abi.h"
#include "mehr_console.h"

namespace mehr::console {

/// A request on its way, by itself or inside Authorised.
struct Request {
  uint8_t type;
  const uint8_t* payload;
  size_t length;
  /// What the reply goes out as: the type and id of the frame that came.
  uint8_t frame_type;
  uint8_t frame_id;
  /// It came inside Authorised, with the PIN if there is one. Its reply is kept.
  bool authorised;
};

/// Answers a frame. False: there is no such request (it has been answered, unless it was somebody's reply).
bool dispatch(const Frame& frame);

/// Sends the reply: status, and up to two pieces, of which either may lie in session::scratch().
void reply(const Request& request, enum mehr_status status, const void* a = nullptr, size_t a_length = 0,
           const void* b = nullptr, size_t b_length = 0);
/// Replies with a status that is not Ok, and with what the schema has behind it (`onError`): nothing was done.
void refuse(const Request& request, enum mehr_status status);

/// Takes the payload apart; false, and the request is refused, unless it is exactly a message.
template <class M>
bool take(const Request& request, M& message) {
  if (msg::parse(request.payload, request.length, message)) return true;
  refuse(request, MEHR_STATUS_BAD_REQUEST);
  return false;
}
/// Replies Ok with a message. `Capacity` is its longest.
template <size_t Capacity, class M>
void reply_message(const Request& request, const M& message) {
  uint8_t bytes[Capacity];
  size_t length = msg::emit(bytes, sizeof bytes, message);
  reply(request, MEHR_STATUS_OK, bytes, length);
}

// requests_core.cpp: the board, its core, replays.
void identify(const Request& request, enum mehr_status status);
void command(const Request& request);
void stats(const Request& request);
void reboot(const Request& request);
void halt(const Request& request);
void replay(const Request& request);

// requests_session.cpp: the session, the owner's view of the board.
void hello(const Request& request);
void health(const Request& request);
void prove(const Request& request);
void inbox_list(const Request& request);
void set_time(const Request& request);
void set_level(const Request& request);

// requests_records.cpp: what is stored.
void provision_request(const Request& request);
void backup(const Request& request);
void restore_key(const Request& request);
void restore(const Request& request);
void reset_token(const Request& request);
void factory_reset(const Request& request);

}  // namespace mehr::console
