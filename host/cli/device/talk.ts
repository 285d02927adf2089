/** `mehr device send`, `receive`, `ping`. */
import { MehrError } from "../../../toolchain/errors.ts";
import { ADDRESS_SIZE, addressOf, parseHex } from "../../device/address.ts";
import { Device } from "../../device/device.ts";
import { ping as pingDevice } from "../../device/ping.ts";
import { Receiver, sendText, type TextMessage } from "../../device/text.ts";
import { openPort } from "../../serial/ports.ts";
import type { Io } from "../outcome.ts";
import { type DeviceFlags, withDevice } from "./connect.ts";
import { hex, messageJson, messageLine, pingLines } from "./show.ts";

/** An address, or a public key from which it follows. */
function destinationOf(text: string): { address: Uint8Array; publicKey?: Uint8Array } {
  if (text.trim().length === 2 * ADDRESS_SIZE) return { address: parseHex("The destination", text) };
  if (text.trim().length !== 64) {
    throw new MehrError(2, `The destination "${text}" is neither an address (32 hex digits) nor a public key (64).`);
  }
  const publicKey = parseHex("The public key", text, 32);
  return { address: addressOf(publicKey), publicKey };
}

export async function send(io: Io, flags: DeviceFlags & { destination: string; text: string }): Promise<number> {
  const { address, publicKey } = destinationOf(flags.destination);
  return withDevice(io, flags, async (device) => {
    const hash = await sendText(device, address, flags.text, publicKey);
    io.result({ ok: true, destination: hex(address), packet: hex(hash), bytes: Buffer.byteLength(flags.text) });
    io.print(`Under way to ${hex(address)}, packet ${hex(hash)}.`);
    return 0;
  });
}

export async function receive(io: Io, flags: DeviceFlags & { follow?: boolean; seconds?: number }): Promise<number> {
  return withDevice(io, flags, async (device) => {
    const receiver = new Receiver(device);
    const messages: TextMessage[] = [];
    const take = (message: TextMessage): boolean => {
      messages.push(message);
      io.print(messageLine(message));
      return true;
    };
    if (flags.follow === true || flags.seconds !== undefined) {
      const stop = new AbortController();
      io.onInterrupt(() => stop.abort());
      if (flags.seconds !== undefined) setTimeout(() => stop.abort(), flags.seconds * 1000).unref();
      await receiver.follow(take, { signal: stop.signal });
    } else {
      for (const message of await receiver.read()) take(message);
      if (messages.length === 0) io.print("No messages.");
    }
    if (receiver.lost > 0) io.print(`${receiver.lost} older messages made room for newer ones.`);
    io.result({ ok: true, messages: messages.map(messageJson), lost: receiver.lost });
    return 0;
  });
}

export async function ping(
  io: Io,
  flags: DeviceFlags & { destination?: string; otherPort?: string; timeout?: number },
): Promise<number> {
  if (flags.destination === undefined && flags.otherPort === undefined) {
    throw new MehrError(2, "Nobody to ping: give an address, or the other board's port with --other-port.");
  }
  return withDevice(io, flags, async (device) => {
    const otherPort = flags.otherPort === undefined ? undefined : await openPort(flags.otherPort);
    try {
      const other = otherPort && (await Device.open(otherPort, { name: `The board on ${flags.otherPort}` }));
      const address =
        flags.destination === undefined && other !== undefined
          ? (await other.status()).nodeId
          : destinationOf(flags.destination ?? "").address;
      const result = await pingDevice(device, address, {
        ...(other === undefined ? {} : { other }),
        ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 }),
      });
      const heard = (what: typeof result.here): unknown =>
        what === undefined ? null : { rssi_dbm: what.rssiDbm, snr_db: what.snrDb, silent_for_ms: what.silentForMs };
      io.result({
        ok: true,
        destination: hex(address),
        by: result.by,
        round_trip_ms: result.roundTripMs,
        answer: result.answer === undefined ? null : { rssi_dbm: result.answer.rssiDbm, snr_db: result.answer.snrDb },
        here: heard(result.here),
        there: heard(result.there),
        bps: result.bps ?? null,
        mtu: result.mtu ?? null,
      });
      for (const line of [hex(address), ...pingLines(result)]) io.print(line);
      return 0;
    } finally {
      await otherPort?.close();
    }
  });
}
