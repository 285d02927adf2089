/**
 * One bounds check for a run of accesses to one base: a field element is nine loads from a pointer, and checking the
 * furthest first answers for all of them.
 *
 * A run ends where control may leave it, at a call, where anything but memory is changed, and where another trap could
 * come first, so that a check moved forward can be seen in one way only: if it fails, stores of the run before the
 * failing access are missing from the memory of an instance that has trapped and will be dropped.
 */
import { bodies, type Expression, expressions, operandsOf, type Place, type Statement, type Variable } from "./ir.ts";

/** How far above a variable memory is known to reach, by variable. */
type Known = Map<string, number>;

interface Access {
  readonly place: Place;
  readonly variable: Variable;
  readonly extent: number;
}

const key = ({ kind, index }: Variable): string => `${kind} ${index}`;

/** Inserts check statements into `list` and marks what they cover. */
export function placeChecks(list: Statement[], known: Known = new Map()): void {
  const out: Statement[] = [];
  list.forEach((statement, index) => {
    for (const { place, variable, extent } of accessesOf(statement)) {
      if ((known.get(key(variable)) ?? 0) < extent) {
        const run = reach(list, index, variable);
        known.set(key(variable), run.extent);
        // A lone access checks for itself.
        if (run.accesses === 1) continue;
        out.push({ kind: "check", address: place.address, extent: run.extent, at: statement.at });
      }
      place.checkedHere = false;
    }
    if (statement.kind === "loop") forget(known, statement.body);
    for (const body of bodies(statement)) placeChecks(body, new Map(known));
    forget(known, [statement]);
    out.push(statement);
  });
  list.splice(0, list.length, ...out);
}

/** Accesses of a statement itself whose address is a variable. */
function accessesOf(statement: Statement): Access[] {
  const found: Access[] = [];
  const add = (place: Place, bytes: number): void => {
    if (place.address.kind !== "variable") return;
    found.push({ place, variable: place.address.variable, extent: place.offset + bytes });
  };
  const visit = (expression: Expression): void => {
    operandsOf(expression).forEach(visit);
    if (expression.kind === "load") add(expression.place, expression.access.bytes);
  };
  expressions(statement).forEach(visit);
  if (statement.kind === "store") add(statement.place, statement.access.bytes);
  return found;
}

/** What the run that begins with statement `from` accesses above `variable`. */
function reach(list: readonly Statement[], from: number, variable: Variable): { accesses: number; extent: number } {
  let accesses = 0;
  let extent = 0;
  for (const statement of list.slice(from)) {
    if (expressions(statement).some(({ facts }) => facts.traps !== undefined && facts.traps !== "memory")) break;
    for (const access of accessesOf(statement)) {
      if (key(access.variable) !== key(variable)) continue;
      accesses++;
      extent = Math.max(extent, access.extent);
    }
    const straight = ["set", "evaluate", "store", "declare"].includes(statement.kind);
    if (!straight || (statement.kind === "set" && key(statement.target) === key(variable))) break;
  }
  return { accesses, extent };
}

/** Removes what is known about variables that `list` sets, at any depth. */
function forget(known: Known, list: readonly Statement[]): void {
  for (const statement of list) {
    if ("target" in statement && statement.target !== undefined) known.delete(key(statement.target));
    for (const body of bodies(statement)) forget(known, body);
  }
}
