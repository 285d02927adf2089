/** The radio test: how long there and back, and how each side hears the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Event, Status } from "../core/abi.gen.ts";
import type { Device } from "./device.ts";
import { DeviceFailure } from "./failure.ts";
import { decodeProbeEvent, type NeighbourReport, type ProbeEvent } from "../board/messages.gen.ts";

/** Bytes of a probe: the least the protocol takes (core-as/assembly/wire/probe.ts). */
const PROBE_SIZE = 256;
/** The core gives a probe up then (core-as/assembly/net/probe.ts). */
const PROBE_TIMEOUT_MS = 120_000;

export interface Heard {
  readonly rssiDbm: number;
  readonly snrDb: number;
  /** Since it was last heard. */
  readonly silentForMs: number;
}

export interface Ping {
  /**
   * probe: a packet went there and its answer came back. link: the link is slower than the 10 kbit/s that probes need, so
   * it is what the link's own pings measured last.
   */
  readonly by: "probe" | "link";
  readonly roundTripMs: number;
  /** The answer as this board heard it, by its radio; undefined with `link` and over a cable. */
  readonly answer: { readonly rssiDbm: number; readonly snrDb: number } | undefined;
  /** The other board's beacons as this one hears them; undefined if it is no neighbour. */
  readonly here: Heard | undefined;
  /** This board's beacons as the other one hears them; undefined if it was not asked, or does not. */
  readonly there: Heard | undefined;
  /** What the path carried: the probe's bits over half the round trip, no more than the responder's own link. */
  readonly bps: number | undefined;
  /** Of the responder's link, bytes. */
  readonly mtu: number | undefined;
}

export interface PingOptions {
  readonly timeoutMs?: number;
  /** The board pinged, if it is at hand: it tells how it hears us. */
  readonly other?: Device;
}

/**
 * Pings a destination of another node. Throws DeviceFailure if there is no way there, or no answer in time.
 * The protocol allows one probe a minute for each destination; sooner, the link's last measurement is given.
 */
export async function ping(device: Device, destination: Uint8Array, options: PingOptions = {}): Promise<Ping> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const measured =
    (await probe(device, destination, Math.min(timeoutMs, PROBE_TIMEOUT_MS))) ?? (await byLink(device, destination));
  if (measured === undefined) {
    throw new DeviceFailure(
      `${device.name} has no fast link to ${hex(destination)} and none of its own: it can be pinged over a direct ` +
        "radio link, or over links of 10 kbit/s and more, once a minute.",
    );
  }
  const here = heard(await device.neighbours(), destination);
  let there: Heard | undefined;
  if (options.other !== undefined) {
    const { nodeId } = await device.status();
    there = heard(await options.other.neighbours(), nodeId);
  }
  return { ...measured, here, there };
}

/** By a probe; undefined if the core may not send one. */
async function probe(
  device: Device,
  destination: Uint8Array,
  timeoutMs: number,
): Promise<Omit<Ping, "here" | "there"> | undefined> {
  let answer: Ping["answer"];
  const { result, cancel } = device.waitFor((event, bytes, { rssiDbm, snrDb }) => {
    if (event !== Event.ProbeResult) return undefined;
    const found: ProbeEvent = decodeProbeEvent(bytes);
    if (Buffer.compare(found.destination, destination) !== 0) return undefined;
    answer = rssiDbm === undefined || snrDb === undefined ? undefined : { rssiDbm, snrDb };
    return found;
  }, timeoutMs);
  try {
    const size = Buffer.alloc(2);
    size.writeUInt16LE(PROBE_SIZE);
    try {
      await device.command(Command.Probe, Buffer.concat([destination, size]));
    } catch (error) {
      if (error instanceof DeviceFailure && error.status === Status.BadField) return undefined;
      if (error instanceof DeviceFailure && error.status === Status.NoRoute) {
        throw new DeviceFailure(`${device.name} knows no way to ${hex(destination)}.`, { status: Status.NoRoute });
      }
      throw error;
    }
    const found = await result;
    if (found === undefined) {
      throw new DeviceFailure(
        `No answer from ${hex(destination)} within ${timeoutMs / 1000} s: the probe or its answer was lost.`,
      );
    }
    return { by: "probe", roundTripMs: found.roundTripMs, answer, bps: found.bps, mtu: found.mtu };
  } finally {
    cancel();
  }
}

/** By what the link to that node measures by itself; undefined if there is no such link. */
async function byLink(device: Device, nodeId: Uint8Array): Promise<Omit<Ping, "here" | "there"> | undefined> {
  const link = (await device.links()).find((each) => Buffer.compare(each.nodeId, nodeId) === 0);
  if (link === undefined || link.suspect !== 0) return undefined;
  return { by: "link", roundTripMs: 2 * link.latencyMs, answer: undefined, bps: undefined, mtu: undefined };
}

function heard(neighbours: readonly NeighbourReport[], nodeId: Uint8Array): Heard | undefined {
  const found = neighbours.find((each) => Buffer.compare(each.nodeId, nodeId) === 0);
  if (found === undefined || found.port !== 0) return undefined;
  return { rssiDbm: found.rssiDbm, snrDb: found.snrQdb / 4, silentForMs: found.silentForMs };
}

/** Waits until a board hears another one; undefined if it does not in time. */
export async function waitUntilHeard(
  device: Device,
  nodeId: Uint8Array,
  timeoutMs: number,
): Promise<Heard | undefined> {
  for (const end = Date.now() + timeoutMs; ; await sleep(500)) {
    const found = heard(await device.neighbours(), nodeId);
    if (found !== undefined || Date.now() >= end) return found;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
