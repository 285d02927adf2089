/**
 * The relay's module instantiated for a simulation: made without waiting, called without copies that are not needed, and
 * exceptions of the host pass through it (a power cut is one).
 */
import {
  ABI_VERSION,
  Buffer as AbiBuffer,
  bindExports,
  type CoreExports,
  type CoreImports,
  IN_SIZE,
  linkImports,
  type Primitive,
  Status,
} from "../core/abi.gen.ts";
import { CoreError } from "../core/core.ts";

const NEVER = 0xffff_ffff_ffff_ffffn;

export class RelayCore {
  readonly #exports: CoreExports;
  readonly #bytes: Uint8Array;
  readonly #in: number;
  readonly #out: number;

  /** Throws CoreError (AbiMismatch) for a module of another boundary, and what the engine throws. */
  constructor(module: WebAssembly.Module, host: CoreImports) {
    const late: { memory?: WebAssembly.Memory } = {};
    const instance = new WebAssembly.Instance(
      module,
      linkImports(() => late.memory as WebAssembly.Memory, host),
    );
    const memory = instance.exports.memory as WebAssembly.Memory;
    late.memory = memory;
    this.#exports = bindExports(
      (name) => instance.exports[name] as (...values: (number | bigint)[]) => number | bigint,
    );
    if (this.#exports.abi_version() !== ABI_VERSION) {
      throw new CoreError(
        Status.AbiMismatch,
        `The module has abi_version ${this.#exports.abi_version()}, this host speaks ${ABI_VERSION}.`,
      );
    }
    this.#bytes = new Uint8Array(memory.buffer);
    this.#in = this.#exports.buffer(AbiBuffer.In);
    this.#out = this.#exports.buffer(AbiBuffer.Out);
  }

  boot(nowMs: number, config: Uint8Array): Status {
    if (config.length > IN_SIZE) return Status.BadConfig;
    this.#bytes.set(config, this.#in);
    return this.#exports.boot(BigInt(nowMs), config.length) as Status;
  }

  onFrame(nowMs: number, port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): Status {
    if (frame.length > IN_SIZE) return Status.Long;
    this.#bytes.set(frame, this.#in);
    return this.#exports.on_frame(BigInt(nowMs), port, frame.length, rssiDbm, snrQdb) as Status;
  }

  onTimer(nowMs: number): Status {
    return this.#exports.on_timer(BigInt(nowMs)) as Status;
  }

  onCommand(nowMs: number, command: Uint8Array): Status {
    if (command.length > IN_SIZE) return Status.Long;
    this.#bytes.set(command, this.#in);
    return this.#exports.on_command(BigInt(nowMs), command.length) as Status;
  }

  /** ms of the core's clock; undefined if never. */
  deadline(): number | undefined {
    const at = this.#exports.deadline();
    return at === NEVER ? undefined : Number(at);
  }

  stateHash(): Uint8Array {
    this.#exports.state_hash();
    return this.#bytes.slice(this.#out, this.#out + 32);
  }

  /** Runs one primitive: its result. Throws CoreError with the status the core refuses with. */
  crypto(primitive: Primitive, input: Uint8Array): Uint8Array {
    if (input.length > IN_SIZE) throw new CoreError(Status.Long, "");
    this.#bytes.set(input, this.#in);
    const length = this.#exports.crypto(primitive, input.length);
    if (length < 0) throw new CoreError(-length as Status, `It is primitive ${primitive}.`);
    return this.#bytes.slice(this.#out, this.#out + length);
  }

  /** Microseconds on air, as the core counts them. */
  airtimeUs(sf: number, bandwidthHz: number, codingRate: number, preamble: number, length: number): number {
    return Number(this.#exports.airtime_us(sf, bandwidthHz, codingRate, preamble, length, 0));
  }
}

/** A core for its formulas alone: it can do nothing. */
export function formulaCore(module: WebAssembly.Module): RelayCore {
  return new RelayCore(module, {
    entropy: () => Status.NoEntropy,
    frame_send: () => Status.TransmitOff,
    record_put: () => Status.RecordFailed,
    record_get: () => -Status.RecordMissing,
    record_delete: () => Status.RecordFailed,
    event: () => {},
  });
}
