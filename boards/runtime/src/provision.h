// What makes a board this relay: the provisioning record (`ProvisionRecord` of toolchain/console/schema.ts) in flash, how a
// draft of it is checked and stored, and what is done with all records at once: backup, restore, factory reset.
//
// Everything that is stored here is stored in one step (RecordStore::put_all): after a power cut all of it is old or all of
// it is new. Whatever fails, the relay runs on with what is stored.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"
#include "mehr_console.h"

namespace mehr::provision {

// Keys of the shell's own records; the core's are mehr_record_key.
constexpr uint32_t kRecordKeyProvision = 0x100;    // bytes of a ProvisionRecord, CRC-32 u32
constexpr uint32_t kRecordKeyPinFailures = 0x101;  // of the lock

/// Longest draft, and longest reply of ProvisionRead behind its status: the record and 32 trusted peers.
constexpr size_t kDraftMax = msg::kProvisionDraftRequestMax;
/// Longest plaintext of a box: head, then Identity, Destinations, Sequences, Signal, Trusted, TrustedMore, Provision.
constexpr size_t kBackupMax = 5 + 7 * 4 + 32 + 96 + 32 + 41 + 256 + 256 + msg::kProvisionRecordMax + 4;

/// Reads what is stored; at boot, after the records are mounted, and after each change. Ok also when nothing is stored;
/// BadRecord when the record is damaged: boot_config() only listens then, and there is no PIN; FlashFailed when it could
/// not be read, and what was known before stays.
enum mehr_status load();
/// Whether a sound record is stored.
bool provisioned();
/// That record; empty (no name, no PIN) when there is none. Its spans stay valid until the next load().
const msg::ProvisionRecord& record();
/// What core and radio run with: of the record; the image's own without one; that without its transmit bit when the record
/// is damaged or distrusted. At least 32 bytes.
const uint8_t* boot_config(size_t& length);
/// Whether boot_config() is the record's.
bool config_is_stored();
/// The core or the radio refused the record's configuration at boot: until the next load() the board only listens.
void distrust_config();

/// The PIN's key of the record; false without a PIN. Salt 16 bytes, key 32.
bool pin(uint8_t& log_n, const uint8_t*& salt, const uint8_t*& key);

/// ProvisionRead's reply behind its status, from the flash as it is now, at most kDraftMax bytes.
/// RecordMissing, BadRecord, FlashFailed.
enum mehr_status read(uint8_t* out, size_t capacity, size_t& length);

/// ProvisionDraft: checks `length` bytes of payload and keeps them. The core tries the configuration, unless it runs with
/// the same one: then the relay starts anew. Ok, with the payload's SHA-256; BadDraft with the field; NotBooted during a
/// replay; a status of the engine. Nothing is kept then, and an earlier draft is gone.
enum mehr_status draft(const uint8_t* payload, size_t length, uint8_t sha256[32], msg::ProvisionField& field);
/// ProvisionCommit. Ok; NoDraft; RadioRefused (field Config) or RadioFailed, StorageFull, FlashFailed: then all is as before
/// and the draft is still there. Another status is the core's, which did not start with what is stored now.
enum mehr_status commit(const uint8_t sha256[32], msg::ProvisionField& field, uint32_t& flash_writes);
/// ProvisionAbort, and what ends a session: forgets the draft.
void abort();

/// FactoryReset, once it is allowed: forgets in one step what `level` says, and wipes it. Ok: the core is stopped, and the
/// caller replies and resets the board. StorageFull: nothing is forgotten. FlashFailed: that, or it may not be wiped.
enum mehr_status factory_reset(msg::ResetLevel level);

/// The plaintext of a box: "MHRB", version 1, n x (key u16, length u16, bytes). RecordMissing without an identity,
/// FlashFailed. At most kBackupMax bytes; they hold secrets, to be wiped by the caller.
enum mehr_status backup_records(uint8_t* out, size_t capacity, size_t& length);
/// Takes such a plaintext in: those of its kinds of records that it lacks are forgotten, this board's airtime stays. Then
/// the relay starts with it. BadBox, RadioRefused, RadioFailed, StorageFull, FlashFailed, NotBooted: nothing is changed.
enum mehr_status restore_records(const uint8_t* bytes, size_t length, uint32_t& flash_writes);

}  // namespace mehr::provision
