import { expect, test } from "vitest";
import { DEFAULT_ENGINE, ENGINES, findEngine, parseVariant, UnknownEngineError, variantName } from "./engine.ts";
import { boardIds } from "./index.ts";

test("an engine has its name, and an unknown one the nearest", () => {
  for (const engine of ENGINES) expect(findEngine(engine)).toBe(engine);
  expect(() => findEngine("wasm")).toThrow(new UnknownEngineError("wasm"));
  expect(new UnknownEngineError("wasm")).toMatchObject({
    exitCode: 2,
    message: 'There is no engine "wasm"; did you mean wasm3?',
  });
  expect(new UnknownEngineError("jit").message).toBe('There is no engine "jit"; the engines are wasm3 and aot.');
});

test("every board and engine has a name of its own, which leads back", () => {
  const all = boardIds().flatMap((board) => ENGINES.map((engine) => ({ board, engine })));
  const names = all.map(({ board, engine }) => variantName(board, engine));
  expect(new Set(names).size).toBe(all.length);
  expect(names.map(parseVariant)).toEqual(all);
  expect(variantName("qemu-m4", DEFAULT_ENGINE)).toBe("qemu-m4");
  expect(variantName("qemu-m4", "aot")).toBe("qemu-m4-aot");
});
