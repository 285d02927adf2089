/** Reads fleet.yaml: its mistakes are told with line, field, what came and the fix; those of shape first, then of sense. */
import { dirname, isAbsolute, join } from "node:path";
import { isAlias, isMap, isNode, LineCounter, type Node, parseDocument } from "yaml";
import type * as z from "zod";
import { UnknownBoardError } from "../../boards/index.ts";
import { nearestNames } from "../../boards/nearest.ts";
import { UnknownRegionError } from "../../boards/regions/index.ts";
import {
  DEVICE_FIELDS,
  type DeviceYaml,
  type FleetYaml,
  fleetSchema,
  isAddress,
  nameProblem,
  SETTING_NAMES,
  TOP_FIELDS,
} from "./schema.ts";
import { FleetError, type FleetProblem } from "./problem.ts";
import { type Resolved, resolve, type Settings } from "./settings.ts";
import { TRUSTED_MAX } from "../../toolchain/console/schema.ts";

/** How a device is found among the ports of this machine. */
export interface Find {
  readonly port?: string | undefined;
  /** Serial number of the USB device. */
  readonly usb?: string | undefined;
}

/** One device of a fleet: what it is to become. */
export interface FleetDevice {
  readonly name: string;
  readonly find: Find;
  readonly settings: Settings & { readonly board: string };
  readonly resolved: Resolved;
  /** Names of other devices, or addresses in lower-case hex; every one of the fleet's but itself for `all`. */
  readonly trusted: readonly string[];
}

type Path = readonly PropertyKey[];

/** Fields people write by a name of their own, or that cannot be: the fix says more than the nearest field would. */
const KNOWN_SLIPS: Readonly<Record<string, string>> = {
  wired: "leave it out: no firmware of these boards has a wired interface yet",
  serial: "call it usb, the serial number of the USB device, or port",
  bw: "call it bandwidth, in kHz",
  freq: "call it frequency, in MHz",
  spreading_factor: "call it sf",
  gain: "call it antenna_gain, in dBi",
  peers: "call it trusted",
  "<<": "write the settings under defaults, or use an alias for a single value",
};

/**
 * The devices of a fleet file. `file` is the name for messages.
 *
 * @throws FleetError with every mistake of shape, or else every one of sense, in the order of the lines; exit code 2
 */
export function parseFleet(text: string, file: string): FleetDevice[] {
  const reading = new Reading(text, file);
  const yaml = reading.shape();
  if (yaml === undefined) throw reading.error();
  const devices = reading.devices(yaml);
  if (reading.problems.length > 0) throw reading.error();
  return devices;
}

class Reading {
  readonly problems: FleetProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      // Prices are counted to the last micro-MHR; a serial number must not lose its digits on the way to the message.
      intAsBigInt: true,
      prettyErrors: false,
    });
  }

  error(): FleetError {
    return new FleetError([...this.problems].sort((a, b) => a.line - b.line));
  }

  /** The file as its schema has it; undefined, with problems, if it is not YAML or not of that shape. */
  shape(): FleetYaml | undefined {
    for (const { message, pos } of [...this.#document.errors, ...this.#document.warnings]) {
      const line = this.#lines.linePos(pos[0]).line;
      const came = `it is not sound YAML: ${message.replace(/\.$/, "")}`;
      this.problems.push({ file: this.#file, line, field: "", came, fix: "correct the line" });
    }
    if (this.problems.length > 0) return undefined;
    let value: unknown;
    try {
      value = this.#document.toJS();
    } catch (error) {
      // An alias without its anchor, or so many that they would fill the memory.
      const came = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      this.problems.push({ file: this.#file, line: 1, field: "", came, fix: "correct the aliases" });
      return undefined;
    }
    const result = fleetSchema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) this.#issue(issue, value);
    return undefined;
  }

  devices(yaml: FleetYaml): FleetDevice[] {
    this.#names(yaml);
    this.#unique(yaml, "port", "a port has one board");
    this.#unique(
      yaml,
      "usb",
      "one device has that number; where two share one, as some USB chips do, name their ports",
    );
    const names = new Set(yaml.devices.map(({ name }) => name));
    return yaml.devices.flatMap((device, index) => {
      const settings = effective(yaml, device);
      const { board } = settings;
      this.#find(yaml, device, index);
      this.#pins(yaml, device, index);
      const trusted = this.#trusted(yaml, index, settings.trusted ?? [], names);
      if (board === undefined) {
        const fix = "add board, or put it under defaults; `mehr boards` lists them";
        this.#problem(["devices", index, "board"], "it is missing", fix);
        return [];
      }
      const resolved = this.#resolve(yaml, index, { ...settings, board });
      if (resolved === undefined) return [];
      const find = { port: device.port === undefined ? undefined : this.#path(device.port), usb: device.usb };
      return [{ name: device.name, find, settings: { ...settings, board }, resolved, trusted }];
    });
  }

  /** A port with a folder in its name is looked for beside the file, as everything it names is; COM3 has none. */
  #path(port: string): string {
    return port.includes("/") && !isAbsolute(port) ? join(dirname(this.#file), port) : port;
  }

  #names(yaml: FleetYaml): void {
    const first = new Map<string, number>();
    for (const [index, { name }] of yaml.devices.entries()) {
      const path = ["devices", index, "name"];
      const wrong = nameProblem(name);
      if (wrong !== undefined) this.#problem(path, wrong.came, wrong.fix);
      const other = first.get(name);
      if (other === undefined) first.set(name, index);
      else {
        const came = `${JSON.stringify(name)} is also the name of devices[${other}] in line ${this.#line(["devices", other, "name"])}`;
        this.#problem(path, came, "give each device its own");
      }
    }
  }

  #unique(yaml: FleetYaml, field: "port" | "usb", fix: string): void {
    const first = new Map<string, number>();
    for (const [index, device] of yaml.devices.entries()) {
      const value = device[field];
      if (value === undefined) continue;
      const other = first.get(value);
      if (other === undefined) first.set(value, index);
      else {
        const came = `${JSON.stringify(value)} is also the ${field} of ${JSON.stringify(yaml.devices[other]?.name)} in line ${this.#line(["devices", other, field])}`;
        this.#problem(["devices", index, field], came, fix);
      }
    }
  }

  #find(yaml: FleetYaml, { port, usb }: DeviceYaml, index: number): void {
    if (port !== undefined && usb !== undefined) {
      this.#problem(["devices", index, "usb"], "port is given too", "name the device by one of them");
    }
    // A single board without either is the one that is plugged in.
    if (port === undefined && usb === undefined && yaml.devices.length > 1) {
      const fix = "add port, such as port: /dev/ttyUSB0, or usb, the serial number of its USB device";
      this.#problem(["devices", index], "nothing says which of several devices it is", fix);
    }
  }

  /** A device's own `pin` goes before a `pin_file` of the defaults, and the other way; both at one place are no answer. */
  #pins(yaml: FleetYaml, device: DeviceYaml, index: number): void {
    for (const [path, { pin, pin_file }] of [
      [["devices", index, "pin"], device] as const,
      ...(index === 0 && yaml.defaults !== undefined ? [[["defaults", "pin"], yaml.defaults] as const] : []),
    ]) {
      if (pin !== undefined && pin_file !== undefined) {
        this.#problem(path, "pin_file beside it says where the PIN is", "leave one of them out");
      }
    }
  }

  #trusted(yaml: FleetYaml, index: number, trusted: "all" | readonly string[], names: ReadonlySet<string>): string[] {
    const own = yaml.devices[index]?.name ?? "";
    const field = this.#where(yaml, index, "trusted");
    const inherited = field[0] === "defaults";
    if (trusted === "all") {
      const others = [...names].filter((name) => name !== own);
      if (others.length > TRUSTED_MAX && (index === 0 || !inherited)) {
        const fix = `name at most ${TRUSTED_MAX}, those it shall relay for free`;
        this.#problem(field, `all are ${others.length} other devices`, fix);
      }
      return others;
    }
    const seen = new Set<string>();
    for (const [at, peer] of trusted.entries()) {
      const path = [...field, at];
      const shown = JSON.stringify(peer);
      if (seen.has(peer.toLowerCase()) && (isAddress(peer) || seen.has(peer))) {
        this.#problem(path, `${shown} is named twice`, "name it once");
      } else if (names.has(peer)) {
        if (peer === own && !inherited) this.#problem(path, `${shown} is this device`, "leave it out");
      } else if (!isAddress(peer)) {
        const nearest = nearestNames(peer, [...names]);
        const other = "name one of the file, or write an address of 32 hexadecimal digits in quotes";
        const fix = nearest.length > 0 ? `did you mean ${nearest.join(" or ")}` : other;
        this.#problem(path, `there is no device ${shown}`, fix);
      }
      seen.add(isAddress(peer) ? peer.toLowerCase() : peer);
    }
    // A list under defaults is for all devices: none trusts itself.
    return trusted.filter((peer) => peer !== own).map((peer) => (names.has(peer) ? peer : peer.toLowerCase()));
  }

  #resolve(yaml: FleetYaml, index: number, settings: Settings & { board: string }): Resolved | undefined {
    try {
      const resolved = resolve(settings);
      if ("config" in resolved) return resolved;
      for (const { field, sentence } of resolved) {
        const path = this.#where(yaml, index, field);
        const { came, fix } = halves(sentence);
        // The devices that take a wrong value from `defaults` have it from one line.
        this.#problem(path, path[0] === "defaults" ? `${settings.board}: ${came}` : came, fix);
      }
    } catch (error) {
      const unknown =
        error instanceof UnknownBoardError
          ? ("board" as const)
          : error instanceof UnknownRegionError
            ? ("region" as const)
            : undefined;
      if (unknown === undefined) throw error;
      const { came, fix } = halves((error as Error).message.replace(/\?$/, ""));
      this.#problem(this.#where(yaml, index, unknown), lowerFirst(came), fix);
    }
    return undefined;
  }

  /** Where a device's setting stands: with the device, or under defaults; where neither says it, the device. */
  #where(yaml: FleetYaml, index: number, field: string): Path {
    if (field in (yaml.devices[index] ?? {})) return ["devices", index, field];
    if (yaml.defaults !== undefined && field in yaml.defaults) return ["defaults", field];
    return ["devices", index, field];
  }

  #issue(issue: z.core.$ZodIssue, value: unknown): void {
    if (issue.code === "invalid_union") {
      // What is wrong inside a list says more than that the list is neither this nor that.
      const inside = issue.errors.flat().filter(({ path }) => path.length > 0);
      for (const one of inside) this.#issue({ ...one, path: [...issue.path, ...one.path] }, value);
      if (inside.length > 0) return;
    }
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.#unknown([...issue.path, key], key);
      return;
    }
    const { path } = issue;
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
    const key = path.at(-1);
    const container = typeof parent === "object" && parent !== null && key !== undefined;
    const came = path.length === 0 ? value : container ? (parent as Record<PropertyKey, unknown>)[key] : undefined;
    const missing = container && !(key in parent);
    // A PIN that somebody wrote into the file must not also come to stand in a log.
    const shown = key === "pin" ? "it is something else" : missing ? "it is missing" : `it is ${shownValue(came)}`;
    this.#problem(path, shown, issue.message);
  }

  #unknown(path: Path, key: string): void {
    const fields = path.length === 1 ? TOP_FIELDS : path[0] === "defaults" ? SETTING_NAMES : DEVICE_FIELDS;
    const slip = Object.hasOwn(KNOWN_SLIPS, key) ? KNOWN_SLIPS[key] : undefined;
    if (slip !== undefined) return this.#problem(path, "there is no such field", slip);
    if (path[0] === "defaults" && DEVICE_FIELDS.includes(key)) {
      return this.#problem(path, "it is different for each device", "put it with the device");
    }
    if (path.length === 1 && DEVICE_FIELDS.includes(key)) {
      return this.#problem(path, "it is a field of devices", "put it with a device, or under defaults");
    }
    const nearest = nearestNames(key, fields);
    const fix = nearest.length > 0 ? `did you mean ${nearest.join(" or ")}` : `the fields are ${fields.join(", ")}`;
    this.#problem(path, "there is no such field", fix);
  }

  #problem(path: Path, came: string, fix: string): void {
    const field = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
    const problem = { file: this.#file, line: this.#line(path), field: field.replace(/^\./, ""), came, fix };
    const same = (one: FleetProblem): boolean =>
      one.line === problem.line && one.field === problem.field && one.came === came;
    if (!this.problems.some(same)) this.problems.push(problem);
  }

  /** Line of a field, or of the nearest thing around it that the file has. */
  #line(path: Path): number {
    let node: unknown = this.#document.contents;
    let at = this.#start(node) ?? 0;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find((item) => isNode(item.key) && item.key.toJSON() === key);
        at = this.#start(pair?.key) ?? at;
        next = pair?.value;
      } else if (isNode(node) && "get" in node) {
        next = (node as unknown as { get(key: PropertyKey, keep: true): unknown }).get(key, true);
        at = this.#start(next) ?? at;
      }
      if (next === undefined || next === null) break;
      node = next;
    }
    return this.#lines.linePos(at).line;
  }

  #start(node: unknown): number | undefined {
    return isNode(node) ? ((node as Node).range ?? undefined)?.[0] : undefined;
  }
}

/** Settings of a device: its own, and where it says nothing those under defaults. */
function effective({ defaults }: FleetYaml, device: DeviceYaml): Settings {
  const merged: Record<string, unknown> = { ...defaults };
  for (const name of SETTING_NAMES) if (device[name] !== undefined) merged[name] = device[name];
  // The two say the same thing in two ways: the device's own way wins.
  if (device.pin !== undefined) delete merged.pin_file;
  if (device.pin_file !== undefined) delete merged.pin;
  return merged as Settings;
}

/** "eu868: 20 dBm is too much; use 14 (text)." as what came and the fix. */
function halves(sentence: string): { came: string; fix: string } {
  const text = sentence.replace(/\.$/, "");
  const at = text.lastIndexOf("; ");
  return at < 0 ? { came: text, fix: "change it" } : { came: text.slice(0, at), fix: text.slice(at + 2) };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A value as a reader of the file knows it, cut short. */
function shownValue(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "a set of fields";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
