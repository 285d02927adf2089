/**
 * Cases of our own from the WebAssembly core specification 2.0, in a form that is read beside its text: modules in the
 * text format, and lines of calls with what they come to.
 *
 *     § 4.3.2 idiv_s               the section that the lines below are taken from
 *     div_s -7 2 = -3              export, arguments, result
 *     div_s 1 0 ! integer divide by zero
 *     poke 0 1                     a call without result
 *     ask 0 = ?                    whatever it is, in V8 and in the native build it is the same
 *
 * `instantiate ! unreachable executed` says what instantiation itself ends in. Numbers are decimal or hexadecimal with
 * or without sign; `min`, `max` and `umax` are those of the argument's type.
 */
import type { Call, Expected, Trap } from "./outcomes.ts";
import { integer, isList, type Node, readScript, stringValue, type Value } from "./wast.ts";

export interface SpecCase extends Call {
  /** The section, and the line it was written as. */
  readonly text: string;
  readonly expected: Expected;
}

export interface SpecModule {
  readonly name: string;
  readonly wat: string;
  readonly calls: readonly SpecCase[];
  readonly trap: Trap | undefined;
}

type Type = "i32" | "i64";

interface Signature {
  readonly params: readonly Type[];
  readonly result: Type | undefined;
}

/** The module and its calls. Throws on a line that names no export or gives it the wrong number of arguments. */
export function specModule(name: string, wat: string, lines: string): SpecModule {
  const signatures = exportedSignatures(wat);
  const calls: SpecCase[] = [];
  let section = "";
  let trap: Trap | undefined;
  for (const text of lines.split("\n").map((line) => line.trim())) {
    const [call = "", result = "", words] = /^([^=!]*)(?:= (\S+)|! (.+))?$/.exec(text)?.slice(1) ?? [];
    const [target = "", ...args] = call.trim().split(/ +/);
    if (text === "") continue;
    if (text.startsWith("§")) {
      section = text.slice(2);
    } else if (section === "") {
      throw new Error(`${name}: "${text}" stands under no section`);
    } else if (target === "instantiate") {
      trap = words as Trap;
    } else {
      const signature = signatures.get(target);
      if (signature?.params.length !== args.length) throw new Error(`${name}: "${text}" does not fit the module`);
      if (words === undefined && (result === "") !== (signature.result === undefined))
        throw new Error(`${name}: "${text}" gives a result and the function none, or the other way`);
      const values = args.map((arg, i) => value(arg, signature.params[i] as Type));
      let expected: Expected = words === undefined ? undefined : { trap: words as Trap };
      if (result === "?") expected = "anything";
      else if (result !== "" && signature.result !== undefined) expected = value(result, signature.result);
      calls.push({ text: `§ ${section}: ${text}`, export: target, args: values, expected });
    }
  }
  return { name, wat, calls, trap };
}

/** Numbers without sign, in the types of WebAssembly's JavaScript interface. */
function value(text: string, type: Type): Value {
  const bits = type === "i32" ? 32 : 64;
  const named: Record<string, bigint> = { min: 1n << BigInt(bits - 1), max: (1n << BigInt(bits - 1)) - 1n, umax: -1n };
  const unsigned = BigInt.asUintN(bits, named[text] ?? integer(text));
  return type === "i32" ? Number(unsigned) : unsigned;
}

/** Of the functions that export themselves: (func (export "name") (param ...) (result ...) ...). */
export function exportedSignatures(wat: string): Map<string, Signature> {
  const signatures = new Map<string, Signature>();
  for (const { list } of readScript(wat)) {
    for (const field of list) {
      if (!isList(field, "func")) continue;
      const types = (head: string): Type[] => field.filter((node) => isList(node, head)).flatMap(typesOf);
      const [result] = types("result");
      for (const node of field) {
        if (isList(node, "export")) signatures.set(stringValue(node[1]), { params: types("param"), result });
      }
    }
  }
  return signatures;
}

const typesOf = (node: Node): Type[] => (node as readonly Node[]).filter((word) => word === "i32" || word === "i64");
