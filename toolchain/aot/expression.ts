/** Expressions as C. Every value is uint32_t or uint64_t; what is signed is cast where it matters. */
import type { Expression, Place, Variable } from "./ir.ts";

/** What the text of an expression depends on besides itself. */
export interface Context {
  readonly variable: (variable: Variable) => string;
  readonly global: (index: number) => string;
  /** C of a pointer to a place of `bytes` bytes. */
  readonly pointer: (place: Place, bytes: number) => string;
  readonly memoryPages: number;
}

const C_OPERATOR: Readonly<Record<string, string>> = {
  ...{ add: "+", sub: "-", mul: "*", and: "&", or: "|", xor: "^" },
  ...{ eq: "==", ne: "!=", lt_u: "<", gt_u: ">", le_u: "<=", ge_u: ">=" },
  ...{ lt_s: "<", gt_s: ">", le_s: "<=", ge_s: ">=" },
};
const COMPARISON = /^(eq|ne|[lg][te]_[su])$/;
const HELPER: Readonly<Record<string, string>> = {
  ...{ shl: "shl", shr_s: "sar", shr_u: "shr", rotl: "rotl", rotr: "rotr", clz: "clz", ctz: "ctz", popcnt: "popcnt" },
  ...{ div_s: "divs", div_u: "divu", rem_s: "rems", rem_u: "remu" },
};
const CONVERSION: Readonly<Record<string, string>> = {
  ...{ "i32.extend8_s": "sx8", "i32.extend16_s": "sx16", "i64.extend8_s": "sx8l", "i64.extend16_s": "sx16l" },
  "i64.extend_i32_s": "sx32",
};

/** A text and how tightly its operator binds: an atom needs no parentheses anywhere. */
interface Text {
  readonly text: string;
  readonly operator: string | undefined;
}

const atom = (text: string): Text => ({ text, operator: undefined });

/** C of a constant: small ones as a person would write them, others as a pattern of bits. */
export function constant(value: bigint, wide: boolean): string {
  const digits = value < 0x10000n ? value.toString() : `0x${value.toString(16)}`;
  return wide ? `${digits}ull` : `${digits}u`;
}

function signedConstant({ value: bits, type }: Expression & { kind: "constant" }): string {
  const width = type === "i32" ? 32 : 64;
  const signed = BigInt.asIntN(width, bits);
  // C has no literal for the least: it would be minus a number that does not fit.
  if (signed === -(1n << BigInt(width - 1))) return `INT${width}_MIN`;
  return type === "i32" ? String(signed) : `${signed}ll`;
}

/** C of a value of its type. */
export function value(expression: Expression, context: Context): string {
  return render(expression, context).text;
}

/** C of a value as an operand of a cast or of `+` in a pointer. */
export function operand(expression: Expression, context: Context): string {
  return wrapped(render(expression, context));
}

function wrapped({ text, operator }: Text): string {
  return operator === undefined ? text : `(${text})`;
}

/** C of a condition: whatever is zero or not. */
export function condition(expression: Expression, context: Context): string {
  if (expression.kind === "operator") {
    const [first] = expression.operands;
    const name = operatorName(expression.operator.name);
    if (name === "eqz" && first !== undefined) return negation(first, context);
    if (COMPARISON.test(name)) return comparison(expression.operands, name, context);
  }
  const text = render(expression, context);
  return text.operator === undefined ? text.text : `(${text.text}) != 0`;
}

const OPPOSITE: Readonly<Record<string, string>> = {
  ...{ eq: "ne", ne: "eq", lt_u: "ge_u", ge_u: "lt_u", gt_u: "le_u", le_u: "gt_u" },
  ...{ lt_s: "ge_s", ge_s: "lt_s", gt_s: "le_s", le_s: "gt_s" },
};

/** C of the opposite of a condition. */
export function negation(expression: Expression, context: Context): string {
  if (expression.kind === "operator") {
    const name = operatorName(expression.operator.name);
    const [first] = expression.operands;
    if (name === "eqz" && first !== undefined) return condition(first, context);
  }
  return isZero(expression, context);
}

/** C of a test for zero, as 0 or 1. */
function isZero(expression: Expression, context: Context): string {
  if (expression.kind === "operator") {
    const opposite = OPPOSITE[operatorName(expression.operator.name)];
    if (opposite !== undefined) return comparison(expression.operands, opposite, context);
  }
  return `${wrapped(render(expression, context))} == 0`;
}

function operatorName(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}

function comparison(operands: readonly Expression[], name: string, context: Context): string {
  const signed = name.endsWith("_s");
  const sides = operands.map((side) => {
    if (signed && side.kind === "constant") return signedConstant(side);
    const text = wrapped(render(side, context));
    return signed ? `(${side.type === "i32" ? "int32_t" : "int64_t"})${text}` : text;
  });
  return sides.join(` ${C_OPERATOR[name]} `);
}

function render(expression: Expression, context: Context): Text {
  switch (expression.kind) {
    case "constant":
      return atom(constant(expression.value, expression.type === "i64"));
    case "variable":
      return atom(context.variable(expression.variable));
    case "global":
      return atom(context.global(expression.index));
    case "memorySize":
      return atom(`${context.memoryPages}u`);
    case "select": {
      const [first, second, third] = expression.operands as [Expression, Expression, Expression];
      const arms = [first, second].map((arm) => wrapped(render(arm, context)));
      return { text: `${question(third, context)} ? ${arms.join(" : ")}`, operator: "?" };
    }
    case "load":
      return load(expression, context);
    case "operator":
      return operation(expression, context);
  }
}

function question(expression: Expression, context: Context): string {
  const text = condition(expression, context);
  return /^[\w.]+$/.test(text) ? text : `(${text})`;
}

/** "a" for an access known to be aligned as a 32-bit machine wants it; a byte always is. */
export function suffix({ alignment }: Place, bytes: number): string {
  return bytes > 1 && alignment >= Math.min(bytes, 4) ? "a" : "";
}

function load(expression: Expression & { kind: "load" }, context: Context): Text {
  const { bytes, signed, type } = expression.access;
  const text = `load${bytes * 8}${suffix(expression.place, bytes)}(${context.pointer(expression.place, bytes)})`;
  if (bytes === 8 || (type === "i32" && (bytes === 4 || !signed))) return atom(text);
  if (!signed) return { text: `(u64)${text}`, operator: "cast" };
  if (bytes === 4) return atom(`sx32(${text})`);
  return atom(`sx${bytes * 8}${type === "i64" ? "l" : ""}(${text})`);
}

/** The text of `side` beside `operator`: sums of sums and the like need no parentheses, and a product none in a sum. */
function beside(side: Expression, operator: string, context: Context): string {
  const text = render(side, context);
  if (text.operator === operator && "+*&|^".includes(operator)) return text.text;
  if (text.operator === "*" && operator === "+") return text.text;
  return text.operator === "cast" ? text.text : wrapped(text);
}

function operation(expression: Expression & { kind: "operator" }, context: Context): Text {
  const { operator, operands, type } = expression;
  const name = operatorName(operator.name);
  const bits = type === "i64" ? 64 : 32;
  const [first, second] = operands as [Expression, Expression | undefined];
  if (name === "eqz") return { text: `(u32)(${isZero(first, context)})`, operator: "cast" };
  if (COMPARISON.test(name)) return { text: `(u32)(${comparison(operands, name, context)})`, operator: "cast" };
  if (operator.name === "i32.wrap_i64") return { text: `(u32)${operand(first, context)}`, operator: "cast" };
  if (operator.name === "i64.extend_i32_u") return { text: `(u64)${operand(first, context)}`, operator: "cast" };
  if (operator.name === "i64.extend32_s") return atom(`sx32((u32)${operand(first, context)})`);
  const conversion = CONVERSION[operator.name];
  if (conversion !== undefined) return atom(`${conversion}(${value(first, context)})`);
  if (second === undefined) return atom(`${HELPER[name]}${bits}(${value(first, context)})`);
  if (second.kind === "constant" && (name === "shl" || name === "shr_u")) {
    const c = name === "shl" ? "<<" : ">>";
    return { text: `${wrapped(render(first, context))} ${c} ${second.value % BigInt(bits)}`, operator: c };
  }
  if ((name === "add" || name === "sub") && second.kind === "constant" && second.value >> BigInt(bits - 1) === 1n) {
    const size = constant((1n << BigInt(bits)) - second.value, bits === 64);
    const turned = name === "add" ? "-" : "+";
    return { text: `${beside(first, "+", context)} ${turned} ${size}`, operator: turned };
  }
  const symbol = C_OPERATOR[name];
  if (symbol !== undefined) {
    const left = symbol === "-" ? beside(first, "+", context) : beside(first, symbol, context);
    return { text: `${left} ${symbol} ${beside(second, symbol, context)}`, operator: symbol };
  }
  const count = name.startsWith("sh") || name.startsWith("rot") ? shiftCount(second, bits, context) : undefined;
  return atom(`${HELPER[name]}${bits}(${value(first, context)}, ${count ?? value(second, context)})`);
}

function shiftCount(count: Expression, bits: number, context: Context): string {
  return count.kind === "constant" ? String(count.value % BigInt(bits)) : value(count, context);
}
