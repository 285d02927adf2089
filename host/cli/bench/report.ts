/** How results are shown to a person: each with its goal, and the engines of a chip side by side. */
import { table } from "../table.ts";
import { type Goal, meets, type Result } from "./measure.ts";

/** Whole numbers with their thousands apart, others to three digits. */
export function number(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function goalText(goal: Goal): string {
  const parts: string[] = [];
  if (goal.value_at_most !== undefined) parts.push(`<= ${number(goal.value_at_most)}`);
  if (goal.ratio_at_least !== undefined) parts.push(`>= ${goal.ratio_at_least}x`);
  if (goal.ratio_at_most !== undefined) parts.push(`<= ${goal.ratio_at_most}x`);
  return parts.join(", ");
}

function verdict(result: Result): string {
  if (result.met === undefined) return "";
  if (!result.met) return "MISSED";
  return result.stretch !== undefined && meets(result, result.stretch) ? "met, and the stretch goal" : "met";
}

function where({ engine = "", chip }: Result): string {
  return chip === undefined ? engine : `${engine} on ${chip}`;
}

/** One line for each result. */
export function longTable(results: readonly Result[]): string {
  return table(
    ["what", "where", "value", "unit", "against", "takes", "ratio", "goal", "verdict"],
    results.map((result) => [
      result.name,
      where(result),
      number(result.value),
      result.unit,
      result.against ?? (result.baseline === undefined ? "" : "limit"),
      result.baseline === undefined ? "" : number(result.baseline),
      result.ratio === undefined ? "" : result.ratio.toFixed(2),
      result.goal === undefined ? "" : goalText(result.goal),
      verdict(result),
    ]),
  );
}

/** The order of columns; what is not named comes behind. */
const ENGINES = ["AOT", "wasm2c", "wasm2c, unchecked", "wasm3", "Monocypher", "libsodium"];

function inOrder<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/**
 * The values of one chip: a line for what was measured, a column for each engine and library. Instructions, where no
 * other unit is named.
 */
export function chipTable(results: readonly Result[], chip: string): string {
  const own = results.filter((result) => result.chip === chip);
  const rank = (engine: string): number => (ENGINES.indexOf(engine) + ENGINES.length + 1) % (ENGINES.length + 1);
  const engines = inOrder(own.map(({ engine = "" }) => engine)).sort((a, b) => rank(a) - rank(b));
  const label = ({ name, unit }: Result): string => (unit === "instructions" ? name : `${name}, ${unit}`);
  return table(
    [chip, ...engines],
    inOrder(own.map(label)).map((what) => [
      what,
      ...engines.map((engine) => {
        const cell = own.find((result) => label(result) === what && (result.engine ?? "") === engine);
        return cell === undefined ? "" : number(cell.value);
      }),
    ]),
  );
}

/** The chips of the results. */
export function chipsOf(results: readonly Result[]): string[] {
  return inOrder(results.flatMap(({ chip }) => (chip === undefined ? [] : [chip])));
}

/** "11 of 12 goals met". */
export function goalsMet(results: readonly Result[]): string {
  const judged = results.filter((result) => result.met !== undefined);
  return `${judged.filter((result) => result.met).length} of ${judged.length} goals met`;
}
