/** Who has heard whom: the picture that the NeighbourFound events of all relays on a channel add up to. */
import { Event } from "../core/abi.gen.ts";

export interface Heard {
  readonly rssiDbm: number;
  /** dB. */
  readonly snrDb: number;
}

/** Keeps the picture; names appear once a relay's own address is known. */
export class Meeting {
  readonly #names: readonly string[];
  /** Node id (hex) to name. */
  readonly #byId = new Map<string, string>();
  /** Listener's name, then speaker's node id. */
  readonly #heard = new Map<string, Map<string, Heard>>();

  constructor(names: readonly string[]) {
    this.#names = names;
    for (const name of names) this.#heard.set(name, new Map());
  }

  /** Takes in an event of one relay. True if the picture changed. */
  event(name: string, event: Event, bytes: Uint8Array): boolean {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (event === Event.Booted) {
      this.introduce(name, view.toString("hex", 0, 16));
      return true;
    }
    const heard = this.#heard.get(name);
    if (heard === undefined || bytes.length < 16) return false;
    const id = view.toString("hex", 0, 16);
    if (event === Event.NeighbourFound && bytes.length >= 24) {
      heard.set(id, { rssiDbm: view.readInt16LE(20), snrDb: view.readInt16LE(22) / 4 });
      return true;
    }
    return event === Event.NeighbourDown || event === Event.NeighbourGone ? heard.delete(id) : false;
  }

  /** Says which address a relay has. */
  introduce(name: string, nodeId: string): void {
    this.#byId.set(nodeId, name);
  }

  idOf(name: string): string | undefined {
    return [...this.#byId].find(([, other]) => other === name)?.[0];
  }

  /** What `listener` knows of `speaker`. */
  heard(listener: string, speaker: string): Heard | undefined {
    const id = this.idOf(speaker);
    return id === undefined ? undefined : this.#heard.get(listener)?.get(id);
  }

  /** True when everyone has heard everyone else. */
  complete(): boolean {
    return this.#names.every((listener) =>
      this.#names.every((speaker) => listener === speaker || this.heard(listener, speaker) !== undefined),
    );
  }

  /** Pairs found, of how many there are. */
  progress(): { found: number; of: number } {
    const pairs = this.#names.flatMap((a) => this.#names.filter((b) => b !== a).map((b) => [a, b] as const));
    return { found: pairs.filter(([a, b]) => this.heard(a, b) !== undefined).length, of: pairs.length };
  }

  /** Rows for a table: the listener, the start of its address, then what it hears of each relay. */
  rows(): string[][] {
    return this.#names.map((listener) => [
      listener,
      (this.idOf(listener) ?? "").slice(0, 8) || "booting",
      ...this.#names.map((speaker) => {
        if (speaker === listener) return "·";
        const heard = this.heard(listener, speaker);
        return heard === undefined ? "-" : `${heard.rssiDbm} dBm`;
      }),
    ]);
  }
}
