/** The direction of imports (design section 2) is a lint rule; this shows that the rule bites where it should. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../toolchain/paths.ts";

const FORBIDDEN: readonly (readonly [string, string])[] = [
  ["core-as/assembly/wire", "../net/seen"],
  ["core-as/assembly/wire", "../crypto/blake3"],
  ["core-as/assembly/crypto", "../wire/air"],
  ["core-as/assembly/crypto", "../profile"],
  ["core-as/assembly/state", "../net/seen"],
  ["core-as/assembly/link", "../net/seen"],
  ["core-as/assembly/net", "../node"],
  ["core-as/assembly/net", "../trust/policy"],
  ["core-as/assembly/trust", "../link/links"],
  ["core-as/assembly/trust", "../net/seen"],
  ["core-as/assembly/trust", "../node"],
  ["core-as/assembly/net", "../pay/lottery"],
  ["core-as/assembly/net", "../../../host/core/core"],
  ["core-as/assembly", "zod"],
  ["boards", "../toolchain/paths.ts"],
  ["boards", "../host/core/core.ts"],
  ["toolchain/pio", "../../host/core/core.ts"],
  ["host/core", "../cli/main.ts"],
  ["host/core", "../../core-as/assembly/abi"],
  ["toolchain/core", "../../core-as/assembly/abi"],
  ["host/serial", "../board/console.ts"],
  ["host/core", "../board/console.ts"],
  ["host/board", "../device/device.ts"],
  ["host/device", "../fleet/provision.ts"],
  ["host/device", "../cli/main.ts"],
  ["host/fleet", "../flash/flash.ts"],
  ["host/flash", "../monitor/wait.ts"],
  ["host/monitor", "../fleet/lock-file.ts"],
];

const ALLOWED: readonly (readonly [string, string])[] = [
  ["core-as/assembly/wire", "../abi"],
  ["core-as/assembly/wire", "../profile"],
  ["core-as/assembly/state", "../profile"],
  ["core-as/assembly/trust", "../profile"],
  ["core-as/assembly/trust", "../state/config"],
  ["core-as/assembly/trust", "../wire/advisory"],
  ["core-as/assembly/net", "../link/csma"],
  ["core-as/assembly", "./net/seen"],
  ["toolchain", "../boards/index.ts"],
  ["host/core", "../../toolchain/paths.ts"],
  ["host/cli", "./build.ts"],
  ["boards", "./schema.ts"],
  ["host/serial", "../../toolchain/errors.ts"],
  ["host/board", "../serial/frame.ts"],
  ["host/device", "../board/console.ts"],
  ["host/fleet", "../device/device.ts"],
  ["host/flash", "../serial/ports.ts"],
  ["host/monitor", "../device/device.ts"],
];

let folder: string;
let refused: Set<string>;

/** One probe file per case, in an empty tree with the project's configuration. */
function probe(index: number, [room]: readonly [string, string]): string {
  return `${room}/probe${index}.ts`;
}

beforeAll(() => {
  const root = repositoryRoot();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "mehr-imports-")));
  copyFileSync(join(root, "eslint.config.js"), join(folder, "eslint.config.js"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  [...FORBIDDEN, ...ALLOWED].forEach((entry, i) => {
    const path = join(folder, probe(i, entry));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { a } from "${entry[1]}";\nexport const b = a;\n`);
  });
  let report = "";
  try {
    execFileSync(join(root, "node_modules", ".bin", "eslint"), [".", "--format", "json"], {
      cwd: folder,
      stdio: "pipe",
    });
  } catch (error) {
    report = String((error as { stdout: Buffer }).stdout);
  }
  const files = JSON.parse(report) as { filePath: string; messages: { ruleId: string | null }[] }[];
  refused = new Set(
    files
      .filter((file) => file.messages.some((message) => message.ruleId === "no-restricted-imports"))
      .map((file) => relative(folder, file.filePath)),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("imports point one way", () => {
  it.each(FORBIDDEN.map((entry, i) => [...entry, i] as const))(
    "a file in %s may not import %s",
    (room, specifier, i) => {
      expect([...refused]).toContain(probe(i, [room, specifier]));
    },
  );

  it.each(ALLOWED.map((entry, i) => [...entry, i] as const))("a file in %s may import %s", (room, specifier, i) => {
    expect([...refused]).not.toContain(probe(FORBIDDEN.length + i, [room, specifier]));
  });
});
