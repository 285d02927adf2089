/** docs/fleet.md against what it describes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseFleet } from "../host/fleet/file.ts";
import { DEVICE_FIELDS } from "../host/fleet/schema.ts";
import { weakSeeds } from "../host/fleet/weak-keys.ts";
import { repositoryRoot } from "../toolchain/paths.ts";

const text = readFileSync(join(repositoryRoot(), "docs/fleet.md"), "utf8");

it("the fleet file it shows is one", () => {
  const [, yaml] = /```yaml\n([^]*?)```/.exec(text) ?? [];
  expect(parseFleet(yaml ?? "", "fleet.yaml").map(({ name, trusted }) => [name, trusted])).toEqual([
    ["roof-north", ["roof-south"]],
    ["roof-south", ["roof-north", "0123456789abcdef0123456789abcdef"]],
  ]);
});

it("its table has every field and no other", () => {
  const rows = [...text.matchAll(/^\| `(\w+)` \|.*\|.*\|$/gm)].map(([, field]) => field);
  const table = rows.slice(0, rows.indexOf("pin_file") + 1);
  expect(table.filter((field) => field !== "version").sort()).toEqual([...DEVICE_FIELDS].sort());
});

it("counts the weak seeds as they are", () => {
  expect(text).toContain(
    `the keys of ${new Set([...weakSeeds()].map(([seed]) => seed.toString("hex"))).size.toLocaleString("en")} seeds`,
  );
});
