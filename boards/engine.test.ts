import { expect, test } from "vitest";
import {
  defaultEngine,
  endsLikeVariant,
  type Engine,
  ENGINES,
  findEngine,
  UnknownEngineError,
  variantName,
} from "./engine.ts";

test("an engine has its name, and an unknown one the nearest", () => {
  for (const engine of ENGINES) expect(findEngine(engine)).toBe(engine);
  expect(() => findEngine("wasm")).toThrow(new UnknownEngineError("wasm"));
  expect(new UnknownEngineError("wasm")).toMatchObject({
    exitCode: 2,
    message: 'There is no engine "wasm"; did you mean wasm3?',
  });
  expect(new UnknownEngineError("jit").message).toBe('There is no engine "jit"; the engines are wasm3 and aot.');
});

test.each<{ engines: [Engine, ...Engine[]]; names: string[] }>([
  { engines: ["wasm3"], names: ["x"] },
  { engines: ["wasm3", "aot"], names: ["x", "x-aot"] },
  { engines: ["aot", "wasm3"], names: ["x", "x-wasm3"] },
  { engines: ["aot"], names: ["x"] },
])("a board with $engines builds with the first, under its id alone", ({ engines, names }) => {
  const board = { id: "x", engines };
  expect(defaultEngine(board)).toBe(engines[0]);
  expect(engines.map((engine) => variantName(board, engine))).toEqual(names);
  expect(names.map(endsLikeVariant)).toEqual(names.map((name) => name !== "x"));
});
