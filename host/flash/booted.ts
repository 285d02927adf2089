/** Who is running on a board: asked over its console before flashing, and as the proof after it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Manifest } from "../../toolchain/manifest.ts";
import { BoardConsole } from "../board/console.ts";
import { Request } from "../board/protocol.ts";
import { decodeIdentifyReply } from "../board/messages.gen.ts";
import { openPort, type PortInfo } from "../serial/ports.ts";
import type { Machine } from "./machine.ts";

/** What a program of ours says about itself. */
export interface Running {
  /** The port that answered. */
  readonly port: string;
  readonly board: string;
  readonly version: string;
  /** Hash of the program in its flash, hex; undefined if the board cannot compute it. */
  readonly image: string | undefined;
  readonly core: string;
  /** Address, hex; zeros when the core does not run. */
  readonly nodeId: string;
  readonly name: string;
}

/**
 * Asks the program behind a port who it is; undefined if none of ours answers within `ms`. Throws MehrError if the port
 * cannot be opened.
 */
export async function askRunning(path: string, ms: number): Promise<Running | undefined> {
  const port = await openPort(path);
  try {
    const console = new BoardConsole(path, port);
    const end = performance.now() + ms;
    // A bridge may have reset the board when its port was opened: what is sent meanwhile is lost, so ask again.
    for (let left = ms; left > 0; left = end - performance.now()) {
      const reply = await console.request(Request.Identify, undefined, Math.min(left, 500)).catch(() => undefined);
      const running = reply === undefined ? undefined : read(path, reply);
      if (running !== undefined) return running;
      if (port.destroyed) return undefined;
    }
    return undefined;
  } finally {
    await port.close();
  }
}

/** A reply is a status, which says whether the core runs, and the identity. */
function read(port: string, reply: Uint8Array): Running | undefined {
  try {
    const { identity } = decodeIdentifyReply(reply.subarray(1));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const known = identity.imageSha256.some((byte) => byte !== 0);
    return {
      port,
      board: identity.board,
      version: identity.runtime,
      image: known ? hex(identity.imageSha256) : undefined,
      core: hex(identity.wasmSha256),
      nodeId: hex(identity.nodeId),
      name: identity.name,
    };
  } catch {
    // Another program, or one of ours from before it could be flashed by this command.
    return undefined;
  }
}

/** Where the board that was flashed will be again. */
export interface Place {
  /** Its port before, which it may have again. */
  readonly path?: string;
  readonly location?: string;
  readonly serialNumber?: string;
}

/** Whether a port may be this board's: the same socket or serial number, or the same path where neither is known. */
export function isAt(place: Place, port: PortInfo): boolean {
  if (place.location !== undefined && port.location === place.location) return true;
  if (place.serialNumber !== undefined && port.serialNumber === place.serialNumber) return true;
  return place.location === undefined && place.serialNumber === undefined && port.path === place.path;
}

/** What the board says after it was written. */
export type Proof =
  | { readonly ok: true; readonly running: Running }
  /** `clause` says why it proves nothing. */
  | { readonly ok: false; readonly clause: string; readonly running?: Running };

/**
 * Waits until the board is back and says who it is, and compares that with the image. A port of the list is asked if it has
 * the application's USB ids and is where the board was; the path it had is asked in any case.
 */
export async function waitForProof(machine: Machine, manifest: Manifest, place: Place): Promise<Proof> {
  const end = performance.now() + machine.wait.boot;
  // What is told if nothing better comes: the program before may answer once more, and a port may still be opening.
  let worst: Proof | undefined;
  do {
    for (const path of await candidates(machine, manifest, place)) {
      const left = end - performance.now();
      if (left <= 0) break;
      try {
        const running = await askRunning(path, Math.min(left, 2000));
        const proof: Proof =
          running === undefined
            ? { ok: false, clause: `no program of ours answered on ${path} within ${machine.wait.boot / 1000} s` }
            : judge(running, manifest);
        if (proof.ok) return proof;
        if (worst === undefined || proof.running !== undefined) worst = proof;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        worst ??= { ok: false, clause: `its port could not be asked (${why.replace(/\.$/, "")})` };
      }
    }
    await sleep(Math.min(200, Math.max(0, end - performance.now())));
  } while (performance.now() < end);
  return worst ?? { ok: false, clause: `no port of it came up within ${machine.wait.boot / 1000} s` };
}

/** Ports the board may have now. */
async function candidates(machine: Machine, manifest: Manifest, place: Place): Promise<string[]> {
  const app = manifest.usb.filter(({ mode }) => mode !== "bootloader");
  const ports = (await machine.ports()).filter((port) =>
    app.some(({ vid, pid }) => port.vid === vid && port.pid === pid),
  );
  const known = place.location !== undefined || place.serialNumber !== undefined || place.path !== undefined;
  // A drive that was named by hand does not say where its board is: then it is the one port that looks like it.
  const here = known ? ports.filter((port) => isAt(place, port)) : ports.length === 1 ? ports : [];
  const paths = here.map(({ path }) => path);
  if (place.path !== undefined && !paths.includes(place.path)) paths.push(place.path);
  return paths;
}

function judge(running: Running, manifest: Manifest): Proof {
  const { image_sha256: image } = manifest;
  const no = (clause: string): Proof => ({ ok: false, clause, running });
  if (running.board !== manifest.board) return no(`the program that answers is for ${running.board}`);
  if (image === null) return no("its manifest does not say what hash the program must report");
  if (running.image === undefined) return no(`the board cannot tell the hash of its program`);
  if (running.image !== image) {
    return no(`the board runs the program ${running.image.slice(0, 16)}... and the image is ${image.slice(0, 16)}...`);
  }
  return { ok: true, running };
}
