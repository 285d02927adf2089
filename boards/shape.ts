/** The first pass over a board value: does it have the fields and types of the schema, said in sentences. */
import * as z from "zod";
import { nearestNames } from "./nearest.ts";
import type { BoardProblem } from "./problem.ts";
import { type Board, schemaOf } from "./schema.ts";

export interface CheckedShape {
  /** The value, typed; undefined when its shape is wrong. */
  readonly board: Board | undefined;
  readonly problems: readonly BoardProblem[];
}

export function checkShape(value: unknown, file: string): CheckedShape {
  const parsed = schemaOf(value).safeParse(value);
  if (parsed.success) return { board: parsed.data, problems: [] };
  return { board: undefined, problems: parsed.error.issues.flatMap((issue) => shapeProblems(issue, value, file)) };
}

const PIN_FIELDS = [
  "radio",
  "power",
  "led",
  "button",
  "battery",
  "leave",
  "acknowledge",
  "psram",
  "flash",
  "flashing",
  "usb",
];

function shapeProblems(issue: z.core.$ZodIssue, value: unknown, file: string): BoardProblem[] {
  const field = fieldPath(issue.path) || "the board value";
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(schemaOf(value), issue.path);
    return issue.keys.map((key) => {
      const path = fieldPath([...issue.path, key]);
      if (schemaOf(value) === schemaOf({ virtual: {} }) && issue.path.length === 0 && PIN_FIELDS.includes(key)) {
        return { file, field: path, came: "a virtual board has no pins, flash or USB", fix: "remove it" };
      }
      const near = nearestNames(key, known);
      const fix = near.length > 0 ? `write ${near.join(" or ")}` : `use only ${known.join(", ")}`;
      return { file, field: path, came: "there is no such field", fix };
    });
  }
  const actual = valueAt(value, issue.path);
  const came = actual === undefined ? "it is missing" : `it is ${show(actual)}`;
  return [{ file, field, came, fix: shapeFix(issue) }];
}

/** "radio.pins.busy"; a key that is not a plain word is quoted, so that a sentence stays one line. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w.-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key)))).join(".");
}

function shapeFix(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `use ${issue.values.map((one) => show(one)).join(" or ")}`;
  if (issue.code === "invalid_type") {
    // A message of the schema's own says more than the type's name.
    return issue.message.startsWith("Invalid input") ? `give ${withArticle(issue.expected)}` : issue.message;
  }
  if (issue.code === "too_small") {
    return issue.message.startsWith("Too small") ? `use ${issue.minimum} or more` : issue.message;
  }
  if (issue.code === "too_big") {
    return issue.message.startsWith("Too big") ? `use ${issue.maximum} or less` : issue.message;
  }
  return issue.message;
}

function withArticle(type: string): string {
  if (type === "int") return "a whole number";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** A value as it would be written, cut short. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

/** Field names the schema knows at a path, to suggest what a misspelt one meant. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    at = unwrapped(at);
    if (at instanceof z.ZodObject) at = at.shape[String(key)];
    else if (at instanceof z.ZodArray) at = at.element;
    else return [];
  }
  at = unwrapped(at);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
