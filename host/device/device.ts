/**
 * A board at the other end of a line: every request of the console as a method.
 *
 * What changes something goes out authorised, and is carried out once (session.ts). What fails throws DeviceFailure, a
 * sentence that says in which state the board is when that is not known.
 */
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import type { Duplex } from "node:stream";
import { BoardConsole, type ConsoleListener, type Signal } from "../board/console.ts";
import { type Identity, type Output, Reader, readIdentity, readOutputs } from "../board/protocol.ts";
import { Command, Event, Status } from "../core/abi.gen.ts";
import { addressOf } from "./address.ts";
import { ProtocolError } from "../board/codec.ts";
import { DeviceFailure } from "./failure.ts";
import * as messages from "../board/messages.gen.ts";
import { Request, type RequestName } from "../board/messages.gen.ts";
import * as reports from "./reports.ts";
import { type Answer, Session, type SessionOptions } from "./session.ts";

export interface DeviceOptions extends SessionOptions {
  /** What the board is called in sentences; "The board" by default. */
  readonly name?: string;
  readonly listener?: ConsoleListener;
}

/** What the owner of a board says about it when it is provisioned. */
export type ProvisionDraft = messages.ProvisionDraftRequest;

/** Commands of the core that only read: a locked board answers them too. */
const READING: ReadonlySet<number> = new Set([
  Command.Status,
  Command.Neighbours,
  Command.Links,
  Command.Routes,
  Command.Trusted,
  Command.Destinations,
  Command.Reputation,
]);

/** What Prove signs in front of challenge and address. */
const PROOF_CONTEXT = Buffer.from("mehr/console/1\0");
const NOTHING = new Uint8Array(0);
/** How long a board may take to start: a slow one hashes and boots for seconds. */
const BOOT_MS = 30_000;
/** How often a provisioning is begun when its session ends in between. */
const PROVISION_TRIES = 3;

export class Device {
  readonly name: string;
  readonly console: BoardConsole;
  readonly #session: Session;
  readonly #listeners = new Set<ConsoleListener>();
  /** Frames dropped on this line, in either direction. */
  #damaged = 0;

  private constructor(stream: Duplex, options: DeviceOptions) {
    this.name = options.name ?? "The board";
    if (options.listener) this.#listeners.add(options.listener);
    this.console = new BoardConsole(this.name, stream, {
      ready: (identity) => {
        // It has started, again perhaps: whatever session there was is over.
        this.#session.forget();
        this.#tell((listener) => listener.ready?.(identity));
      },
      log: (level, text) => this.#tell((listener) => listener.log?.(level, text)),
      event: (event, bytes, signal) => this.#tell((listener) => listener.event?.(event, bytes, signal)),
      fatal: (status, sentence) => this.#tell((listener) => listener.fatal?.(status, sentence)),
      frameError: (sentence) => {
        this.#damaged++;
        this.#tell((listener) => listener.frameError?.(sentence));
      },
    });
    this.#session = new Session(this.console, this.name, () => this.#damaged, options);
  }

  /**
   * Says Hello to the board behind `stream` and waits for its answer. Throws DeviceFailure if none comes, or one of another
   * version. The stream stays the caller's: closing it ends the device.
   */
  static async open(stream: Duplex, options: DeviceOptions = {}): Promise<Device> {
    const device = new Device(stream, options);
    await device.hello();
    return device;
  }

  /** The board behind `stream`, without a word to it yet: for who listens to a board that may be silent for now. */
  static attach(stream: Duplex, options: DeviceOptions = {}): Device {
    return new Device(stream, options);
  }

  /** Hears what the board says unasked; the result takes it back. */
  listen(listener: ConsoleListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(say: (listener: ConsoleListener) => void): void {
    for (const listener of [...this.#listeners]) say(listener);
  }

  /** Frames dropped on this line so far, in either direction. */
  get damagedFrames(): number {
    return this.#damaged;
  }

  /** The session's beginning: version, limits, whether it is locked. */
  hello(): Promise<messages.HelloReply> {
    return this.#session.hello();
  }

  /** What is given from now on where the PIN is wanted: after it was changed. */
  usePin(pin: string | undefined): void {
    this.#session.usePin(pin);
  }

  // --- Asking ---------------------------------------------------------------------------------------------------------

  #ask(name: RequestName, payload: Uint8Array): Promise<Answer> {
    const request = Request[name];
    return messages.GUARDED.has(request)
      ? this.#session.guarded(request, payload)
      : this.#session.open(request, payload);
  }

  /** A request whose reply must be Ok, and what `read` makes of it. */
  async #get<T>(name: RequestName, payload: Uint8Array, read: (body: Uint8Array) => T): Promise<T> {
    const answer = await this.#ask(name, payload);
    this.#session.expectOk(Request[name], answer);
    return this.#session.read(Request[name], () => read(answer.body));
  }

  // --- Who it is and how it is ----------------------------------------------------------------------------------------

  /** Who it is; its status says whether the core runs. */
  async identify(): Promise<Identity> {
    const { status, body } = await this.#ask("Identify", NOTHING);
    return this.#session.read(Request.Identify, () => readIdentity(Buffer.concat([Uint8Array.of(status), body])));
  }

  health(): Promise<messages.HealthReply> {
    return this.#get("Health", NOTHING, messages.decodeHealthReply);
  }

  /** Counters and sizes by Metric. Takes a while. */
  async stats(): Promise<Map<number, bigint>> {
    // A board whose core does not run says so in the status and still counts.
    const { body } = await this.#ask("Stats", NOTHING);
    const { metrics } = this.#session.read(Request.Stats, () => messages.decodeStatsReply(body));
    return new Map(metrics.map(({ metric, value }) => [metric, value]));
  }

  /**
   * Lets it prove its identity over random bytes: its Ed25519 public key and the address made from it. Throws
   * DeviceFailure if the signature is not its own.
   */
  async prove(): Promise<{ publicKey: Uint8Array; nodeId: Uint8Array }> {
    const challenge = Uint8Array.from(randomBytes(32));
    const { publicKey, signature } = await this.#get(
      "Prove",
      messages.encodeProveRequest({ challenge }),
      messages.decodeProveReply,
    );
    const nodeId = addressOf(publicKey);
    const signed = Buffer.concat([PROOF_CONTEXT, challenge, nodeId]);
    if (!verify(null, signed, ed25519PublicKey(publicKey), signature)) {
      throw new DeviceFailure(`${this.name} could not prove that its identity is its own: its signature is wrong.`);
    }
    return { publicKey, nodeId };
  }

  // --- Provisioning ---------------------------------------------------------------------------------------------------

  /** What is stored; undefined if nothing is. Throws DeviceFailure if it is damaged. */
  async provisionRead(): Promise<messages.ProvisionReadReply | undefined> {
    const answer = await this.#ask("ProvisionRead", NOTHING);
    if (answer.status === Status.RecordMissing) return undefined;
    this.#session.expectOk(Request.ProvisionRead, answer);
    return this.#session.read(Request.ProvisionRead, () => messages.decodeProvisionReadReply(answer.body));
  }

  /** Lets it check a draft and keep it in RAM; its SHA-256 as the board has it. */
  async provisionDraft(draft: ProvisionDraft): Promise<Uint8Array> {
    const payload = messages.encodeProvisionDraftRequest(draft);
    return (await this.#withField("ProvisionDraft", payload, messages.decodeProvisionDraftReply)).sha256;
  }

  /** Stores the draft with that SHA-256 in one step and starts the relay with it. */
  provisionCommit(sha256: Uint8Array): Promise<messages.ProvisionCommitReply> {
    const payload = messages.encodeProvisionCommitRequest({ sha256 });
    return this.#withField("ProvisionCommit", payload, messages.decodeProvisionCommitReply);
  }

  async provisionAbort(): Promise<void> {
    await this.#get("ProvisionAbort", NOTHING, messages.decodeProvisionAbortReply);
  }

  /**
   * Provisions it: draft, commit, and what it has then read back and compared. What was stored stays unless all of it was
   * accepted. Gives the flash writes it took; undefined if it had been stored when the line failed.
   */
  async provision(draft: ProvisionDraft, pin?: string): Promise<number | undefined> {
    const sent = createHash("sha256").update(messages.encodeProvisionDraftRequest(draft)).digest();
    let flashWrites: number | undefined;
    for (let tries = 1; ; tries++) {
      const sha256 = await this.provisionDraft(draft);
      if (Buffer.compare(sha256, sent) !== 0) {
        throw new DeviceFailure(`${this.name} took another draft than was sent; what was stored stays.`);
      }
      try {
        ({ flashWrites } = await this.provisionCommit(sha256));
        break;
      } catch (error) {
        if (!(error instanceof DeviceFailure) || error.gone) throw error;
        // A draft goes with its session: another one began in between, by a restart or another program.
        const lost = error.status === Status.NoDraft && tries < PROVISION_TRIES;
        if (!lost && !error.inDoubt) throw error;
        if (error.inDoubt && (await this.#holds(draft))) break;
        if (tries === PROVISION_TRIES) throw error;
      }
    }
    this.usePin(pin);
    if (!(await this.#holds(draft))) {
      throw new DeviceFailure(`${this.name} holds another provisioning than it accepted: provision it again.`);
    }
    return flashWrites;
  }

  /** Whether what is stored is that draft, less the PIN's key, which is never given out. */
  async #holds(draft: ProvisionDraft): Promise<boolean> {
    const stored = await this.provisionRead();
    if (stored === undefined) return false;
    const blank = { ...draft.record, pinKey: new Uint8Array(draft.record.pinKey.length) };
    const expected = messages.encodeProvisionReadReply({ record: blank, trusted: draft.trusted });
    return Buffer.compare(messages.encodeProvisionReadReply(stored), expected) === 0;
  }

  /** A request that names the field it refuses. */
  async #withField<T>(name: RequestName, payload: Uint8Array, read: (body: Uint8Array) => T): Promise<T> {
    const answer = await this.#ask(name, payload);
    if (answer.status !== Status.Ok && answer.body.length > 0) {
      const { field } = this.#session.read(Request[name], () => messages.decodeProvisionDraftError(answer.body));
      if (field !== messages.ProvisionField.None) {
        const [key = ""] = Object.entries(messages.ProvisionField).find(([, value]) => value === field) ?? [];
        const refused = key.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
        throw new DeviceFailure(
          `${this.name} refuses the ${refused} of its provisioning; what was stored stays.`,
          answer,
        );
      }
    }
    this.#session.expectOk(Request[name], answer);
    return this.#session.read(Request[name], () => read(answer.body));
  }

  // --- Backup, restore, reset -----------------------------------------------------------------------------------------

  /** Identity, destinations, provisioning and trusted peers, sealed to an X25519 public key (box.ts). */
  async backup(recipient: Uint8Array): Promise<Uint8Array> {
    return (await this.#get("Backup", messages.encodeBackupRequest({ recipient }), messages.decodeBackupReply)).box;
  }

  /** The X25519 public key a backup must be sealed to for this board, in this session. */
  async restoreKey(): Promise<Uint8Array> {
    return (await this.#get("RestoreKey", NOTHING, messages.decodeRestoreKeyReply)).publicKey;
  }

  /** Takes a backup sealed to restoreKey(), in one step. */
  restore(box: Uint8Array): Promise<messages.RestoreReply> {
    return this.#get("Restore", messages.encodeRestoreRequest({ box }), messages.decodeRestoreReply);
  }

  /** Forgets provisioning and trusted peers, and by level the identity; then it starts again. */
  async factoryReset(level: messages.ResetLevel, options: { waitMs?: number } = {}): Promise<void> {
    const { token } = await this.#get(
      "ResetToken",
      messages.encodeResetTokenRequest({ level }),
      messages.decodeResetTokenReply,
    );
    const payload = messages.encodeFactoryResetRequest({ level, token });
    await this.#startsAgain(options.waitMs, async () => {
      const answer = await this.#factoryReset(payload);
      this.#session.expectOk(Request.FactoryReset, answer);
    });
    this.usePin(undefined);
  }

  async #factoryReset(payload: Uint8Array): Promise<Answer> {
    const { pinLogN } = await this.hello();
    // Within a minute of power-on a locked board takes it bare, from whoever is at it.
    if (pinLogN !== 0 && !this.#session.hasPin) return this.#session.open(Request.FactoryReset, payload, 1);
    return this.#session.guarded(Request.FactoryReset, payload);
  }

  /** Starts it again, and waits until it is up. */
  async reboot(options: { waitMs?: number } = {}): Promise<void> {
    await this.#startsAgain(options.waitMs, () => this.#get("Reboot", NOTHING, messages.decodeRebootReply));
  }

  async halt(): Promise<void> {
    await this.#get("Halt", NOTHING, messages.decodeHaltReply);
  }

  /**
   * Does what makes it start again, and waits for that. Its reply may be lost in the restart, so that it has started is
   * proof enough; a port that goes away with it (USB) is the end of the wait.
   */
  async #startsAgain(waitMs = BOOT_MS, work: () => Promise<unknown>): Promise<void> {
    let up = false;
    let wake = (): void => {};
    const started = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const noted = (): void => {
      up = true;
      wake();
    };
    const takeBack = this.listen({ ready: noted, fatal: noted });
    try {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof DeviceFailure) || !error.inDoubt || !up) throw error;
      }
      this.#session.forget();
      const end = Date.now() + waitMs;
      while (!up && !this.console.closed && Date.now() < end) {
        await Promise.race([started, new Promise((resolve) => setTimeout(resolve, Math.min(100, waitMs)))]);
      }
      if (!up && !this.console.closed) {
        throw new DeviceFailure(
          `${this.name} was told to start again and has said nothing for ${waitMs / 1000} s: turn it off and on.`,
        );
      }
    } finally {
      takeBack();
    }
  }

  // --- Time and log ---------------------------------------------------------------------------------------------------

  async setTime(unixMs = BigInt(Date.now())): Promise<void> {
    await this.#get("SetTime", messages.encodeSetTimeRequest({ unixMs }), messages.decodeSetTimeReply);
  }

  async setLogLevel(level: messages.LogLevel): Promise<void> {
    await this.#get("SetLogLevel", messages.encodeSetLogLevelRequest({ level }), messages.decodeSetLogLevelReply);
  }

  // --- The core -------------------------------------------------------------------------------------------------------

  /** Runs a command of the core: what it did, and the bytes of its Reply behind the command's number. */
  async command(command: Command, body: Uint8Array = NOTHING): Promise<{ reply: Uint8Array; outputs: Output[] }> {
    const payload = Uint8Array.of(command, ...body);
    const answer = READING.has(command)
      ? await this.#session.open(Request.Command, payload)
      : await this.#session.guarded(Request.Command, payload);
    if (answer.status !== Status.Ok) {
      const [name = `${command}`] = Object.entries(Command).find(([, value]) => value === command) ?? [];
      this.#session.expectOk(Request.Command, answer, `the command ${name}`);
    }
    const outputs = this.#session.read(Request.Command, () => readOutputs(new Reader(answer.body)));
    const reply = outputs.find(
      (output) => output.kind === "event" && output.event === Event.Reply && output.bytes[0] === command,
    );
    return { reply: reply?.kind === "event" ? reply.bytes.subarray(1) : NOTHING, outputs };
  }

  async #report<T>(command: Command, read: (bytes: Uint8Array) => T, body?: Uint8Array): Promise<T> {
    const { reply } = await this.command(command, body);
    return this.#session.read(Request.Command, () => read(reply));
  }

  /** The core's own status: addresses, airtime, counters. */
  status(): Promise<reports.CoreStatus> {
    return this.#report(Command.Status, reports.readStatus);
  }

  neighbours(): Promise<messages.NeighbourReport[]> {
    return this.#report(Command.Neighbours, reports.readNeighbours);
  }

  links(): Promise<messages.LinkReport[]> {
    return this.#report(Command.Links, reports.readLinks);
  }

  /** The whole table; it comes in parts. */
  async routes(): Promise<messages.RouteReport[]> {
    const all: messages.RouteReport[] = [];
    for (let from = 0; ;) {
      const part = await this.#report(Command.Routes, reports.readRoutes, Uint8Array.of(from & 0xff, from >> 8));
      all.push(...part.routes);
      // It rises, or a board could keep us here for ever.
      if (part.next <= from) return all;
      from = part.next;
    }
  }

  trusted(): Promise<Uint8Array[]> {
    return this.#report(Command.Trusted, reports.readPeers);
  }

  /** Its destinations, the node itself first. */
  destinations(): Promise<reports.Destination[]> {
    return this.#report(Command.Destinations, reports.readDestinations);
  }

  async trust(nodeId: Uint8Array): Promise<void> {
    await this.command(Command.Trust, nodeId);
  }

  async distrust(nodeId: Uint8Array): Promise<void> {
    await this.command(Command.Distrust, nodeId);
  }

  async announce(): Promise<void> {
    await this.command(Command.Announce);
  }

  // --- Messages -------------------------------------------------------------------------------------------------------

  /** Messages kept since the one with that sequence, oldest first, and the newest one's sequence. */
  inbox(after = 0): Promise<messages.InboxReply> {
    return this.#get("Inbox", messages.encodeInboxRequest({ after }), messages.decodeInboxReply);
  }

  /** The first event for which `pick` gives something; undefined if none comes in time. */
  waitFor<T>(
    pick: (event: Event, bytes: Uint8Array, signal: Signal) => T | undefined,
    timeoutMs: number,
  ): { readonly result: Promise<T | undefined>; readonly cancel: () => void } {
    let cancel = (): void => {};
    const result = new Promise<T | undefined>((resolve) => {
      const timer = setTimeout(() => cancel(), timeoutMs);
      const done = (value: T | undefined): void => {
        clearTimeout(timer);
        takeBack();
        resolve(value);
      };
      cancel = () => done(undefined);
      const takeBack = this.listen({
        event: (event, bytes, signal) => {
          let picked: T | undefined;
          try {
            picked = pick(event, bytes, signal);
          } catch (error) {
            if (!(error instanceof ProtocolError)) throw error;
          }
          if (picked !== undefined) done(picked);
        },
      });
    });
    return { result, cancel: () => cancel() };
  }
}

/** A raw Ed25519 public key as node:crypto wants it: SubjectPublicKeyInfo (RFC 8410 section 4). */
function ed25519PublicKey(raw: Uint8Array): ReturnType<typeof createPublicKey> {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
