/** Removes what nothing reads: values that were dropped, locals that are set for nothing. */
import { bodies, type Expression, expressions, operandsOf, type Statement, type Variable } from "./ir.ts";

const key = ({ kind, index }: Variable): string => `${kind} ${index}`;

/** Variables that some expression in `list` reads. */
export function variablesRead(list: readonly Statement[], found = new Set<string>()): Set<string> {
  const visit = (expression: Expression): void => {
    if (expression.kind === "variable") found.add(key(expression.variable));
    operandsOf(expression).forEach(visit);
  };
  for (const statement of list) {
    expressions(statement).forEach(visit);
    for (const body of bodies(statement)) variablesRead(body, found);
  }
  return found;
}

/** True if `variable` is among what `variablesRead` found. */
export function isRead(read: ReadonlySet<string>, variable: Variable): boolean {
  return read.has(key(variable));
}

/** Removes sets of variables nobody reads; what may trap is still evaluated, what is called is still called. */
export function prune(list: Statement[]): void {
  for (;;) {
    const read = variablesRead(list);
    if (!sweep(list, read)) return;
  }
}

/** x = x, which is not worth a warning of the C compiler. */
function isSelfSet(statement: Statement): boolean {
  if (statement.kind !== "set" || statement.value.kind !== "variable") return false;
  return key(statement.value.variable) === key(statement.target);
}

function sweep(list: Statement[], read: ReadonlySet<string>): boolean {
  let changed = false;
  const kept = list.flatMap((statement): Statement[] => {
    for (const body of bodies(statement)) if (sweep(body, read)) changed = true;
    if (isSelfSet(statement)) {
      changed = true;
      return [];
    }
    if (!("target" in statement) || statement.target === undefined || isRead(read, statement.target)) {
      return [statement];
    }
    changed = true;
    switch (statement.kind) {
      case "call":
      case "callIndirect":
        return [{ ...statement, target: undefined }];
      case "set":
        return statement.value.facts.traps === undefined
          ? []
          : [{ kind: "evaluate", value: statement.value, at: statement.at }];
      default:
        return [];
    }
  });
  list.splice(0, list.length, ...kept);
  return changed;
}
