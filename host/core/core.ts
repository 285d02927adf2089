/** One instance of the core in this process: the same module a board runs, under V8. */
import {
  ABI_VERSION,
  Buffer as AbiBuffer,
  bindExports,
  type CoreExports,
  type CoreImports,
  EXPORT_NAMES,
  IN_SIZE,
  linkImports,
  OUT_SIZE,
  type Primitive,
  STATUS_SENTENCES,
  Status,
} from "./abi.gen.ts";

/** The engine could not load or run the module; `status` is the code a board reports for the same failure. */
export class CoreError extends Error {
  readonly status: Status;

  constructor(status: Status, detail: string) {
    super(`${STATUS_SENTENCES[status]} ${detail}`);
    this.name = "CoreError";
    this.status = status;
  }
}

/** What became of a primitive. */
export interface PrimitiveResult {
  /** Ok, or why there is no result. */
  readonly status: Status;
  /** The bytes of the result; none unless Ok. */
  readonly out: Uint8Array;
}

type RawExport = (...values: (number | bigint)[]) => number | bigint;

/**
 * A loaded core. Methods follow the exports of abi.ts; inputs longer than the `In` buffer are refused with Status.Long,
 * and a trap becomes a CoreError with Status.Trap, after which the instance must not be used.
 */
export class Core {
  readonly #exports: CoreExports;
  readonly #memory: WebAssembly.Memory;
  /** All of the memory. Making a view costs more than what a short call does, so one is kept. */
  #bytes: Uint8Array;
  readonly #in: number;
  readonly #out: number;

  private constructor(exports: CoreExports, memory: WebAssembly.Memory) {
    this.#exports = exports;
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#in = exports.buffer(AbiBuffer.In);
    this.#out = exports.buffer(AbiBuffer.Out);
  }

  /**
   * Compiles and links `wasm` (bytes, or a module already compiled) against `host`.
   * Throws CoreError: BadModule, UnknownImport, MissingExport or AbiMismatch.
   */
  static async load(wasm: Uint8Array | WebAssembly.Module, host: CoreImports): Promise<Core> {
    const module = wasm instanceof WebAssembly.Module ? wasm : await Core.compile(wasm);
    // The imports need the memory that only the instance brings; none is called before it is there.
    const late: { memory?: WebAssembly.Memory } = {};
    const imports = linkImports(() => late.memory as WebAssembly.Memory, host);
    for (const wanted of WebAssembly.Module.imports(module)) {
      if (wanted.kind !== "function" || imports[wanted.module]?.[wanted.name] === undefined) {
        throw new CoreError(Status.UnknownImport, `It is ${wanted.module}.${wanted.name}.`);
      }
    }
    const instance = await WebAssembly.instantiate(module, imports).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error);
      throw new CoreError(error instanceof WebAssembly.LinkError ? Status.UnknownImport : Status.Trap, `${detail}.`);
    });
    const { memory } = instance.exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new CoreError(Status.MissingExport, "It is memory.");
    late.memory = memory;
    for (const name of EXPORT_NAMES) {
      if (typeof instance.exports[name] !== "function") throw new CoreError(Status.MissingExport, `It is ${name}.`);
    }
    const exports = bindExports((name) => guarded(instance.exports[name] as RawExport, name));
    const version = exports.abi_version();
    if (version !== ABI_VERSION) {
      throw new CoreError(
        Status.AbiMismatch,
        `The module has abi_version ${version}, this host speaks ${ABI_VERSION}; rebuild the older of the two.`,
      );
    }
    return new Core(exports, memory);
  }

  /** Compiles `wasm`, for use in several instances. Throws CoreError (BadModule). */
  static async compile(wasm: Uint8Array): Promise<WebAssembly.Module> {
    try {
      return await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
    } catch (error) {
      throw new CoreError(Status.BadModule, error instanceof Error ? error.message : String(error));
    }
  }

  boot(nowMs: bigint, config: Uint8Array): Status {
    return this.#write(config) ?? (this.#exports.boot(nowMs, config.length) as Status);
  }

  /** `port` 0 is the radio. */
  onFrame(nowMs: bigint, port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): Status {
    return this.#write(frame) ?? (this.#exports.on_frame(nowMs, port, frame.length, rssiDbm, snrQdb) as Status);
  }

  onTimer(nowMs: bigint): Status {
    return this.#exports.on_timer(nowMs) as Status;
  }

  onCommand(nowMs: bigint, command: Uint8Array): Status {
    return this.#write(command) ?? (this.#exports.on_command(nowMs, command.length) as Status);
  }

  /** When onTimer wants to be called, in ms; undefined if never. */
  deadline(): bigint | undefined {
    const at = this.#exports.deadline();
    return at === 0xffff_ffff_ffff_ffffn ? undefined : at;
  }

  /** BLAKE3-256 over everything the core remembers. */
  stateHash(): Uint8Array {
    this.#exports.state_hash();
    return this.#view().slice(this.#out, this.#out + 32);
  }

  /** Microseconds on air; 0n if a parameter is out of range. */
  airtimeUs(sf: number, bandwidthHz: number, codingRate: number, preamble: number, length: number, flags = 0): bigint {
    return this.#exports.airtime_us(sf, bandwidthHz, codingRate, preamble, length, flags);
  }

  /**
   * Runs one primitive on `input`, laid out as Primitive says. Works before boot and leaves no trace in the state hash.
   */
  crypto(primitive: Primitive, input: Uint8Array): PrimitiveResult {
    const result = this.#runPrimitive(primitive, input);
    if (result < 0) return { status: -result as Status, out: new Uint8Array(0) };
    return { status: Status.Ok, out: this.#view().slice(this.#out, this.#out + result) };
  }

  /**
   * The same into bytes the caller has, for those who do it often: making the result would cost a short call a quarter
   * of its time. Bytes written, or minus a Status with nothing written. Throws RangeError if `out` is too short
   * (OUT_SIZE never is).
   */
  cryptoInto(out: Uint8Array, primitive: Primitive, input: Uint8Array): number {
    const result = this.#runPrimitive(primitive, input);
    if (result > 0) out.set(this.#view().subarray(this.#out, this.#out + result));
    return result;
  }

  /** Bytes of linear memory in use. */
  memoryUsed(): number {
    return this.#exports.memory_used();
  }

  #runPrimitive(primitive: Primitive, input: Uint8Array): number {
    const refused = this.#write(input);
    if (refused !== undefined) return -refused;
    const result = this.#exports.crypto(primitive, input.length);
    if (result > OUT_SIZE) throw new CoreError(Status.BadModule, `It says it wrote ${result} bytes to Out.`);
    return result;
  }

  #write(input: Uint8Array): Status | undefined {
    if (input.length > IN_SIZE) return Status.Long;
    this.#view().set(input, this.#in);
    return undefined;
  }

  /** Growing memory leaves older views with no bytes. */
  #view(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }
}

/** V8 throws RuntimeError for a trap, and the binding RangeError for a pointer outside memory. */
function guarded(call: RawExport, name: string): RawExport {
  return (...values) => {
    try {
      return call(...values);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
        throw new CoreError(Status.Trap, `In ${name}: ${error.message}.`);
      }
      // A BigInt where the module wants a Number, or the other way: its parameter types are not the ABI's.
      if (error instanceof TypeError) throw new CoreError(Status.MissingExport, `It is ${name}: ${error.message}.`);
      throw error;
    }
  };
}
