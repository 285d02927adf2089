/**
 * The qos byte, first of what a link frame encrypts (H13; registry section 1). Relays copy it.
 *
 *   bits 7-6 priority P0-P3 | 5-3 policy | 2 pad to the link's MTU | 1-0 zero
 */
import { Status } from "../abi";

// Priorities: voice and interactive control; messages and link setup; social and names; bulk.
export const PRIORITY_0: u32 = 0;
export const PRIORITY_1: u32 = 1;
export const PRIORITY_2: u32 = 2;
export const PRIORITY_3: u32 = 3;

// How a path is chosen (digest 1 section 2.5).
export const POLICY_BALANCED: u32 = 0;
export const POLICY_CHEAPEST: u32 = 1;
export const POLICY_FASTEST: u32 = 2;
export const POLICY_MOST_RELIABLE: u32 = 3;
export const POLICY_LARGEST_MTU: u32 = 4;

/** What link setup and link control travel with: P1, Balanced. */
export const QOS_LINK: u32 = 0x40;

const PAD: u32 = 0x04;
const UNUSED_BITS: u32 = 0x03;

/** BadField if unused bits are set or the policy is none. */
export function checkQos(qos: u32): Status {
  return (qos & ~(<u32>0xff)) != 0 || (qos & UNUSED_BITS) != 0 || qosPolicy(qos) > POLICY_LARGEST_MTU
    ? Status.BadField
    : Status.Ok;
}

/** 0 to 3. */
export function qosPriority(qos: u32): u32 {
  return qos >> 6;
}

/** A POLICY_ value. */
export function qosPolicy(qos: u32): u32 {
  return (qos >> 3) & 7;
}

/** True if every hop is to pad the packet to its link's MTU. */
export function qosPad(qos: u32): bool {
  return (qos & PAD) != 0;
}

/** The byte of a priority 0-3, a POLICY_ value and the pad flag. */
export function emitQos(priority: u32, policy: u32, pad: bool): u32 {
  return (priority << 6) | (policy << 3) | (pad ? PAD : 0);
}
