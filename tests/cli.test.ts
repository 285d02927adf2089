/** The command line as a user meets it: exit codes, sentences, one JSON object, completion. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boardIds } from "../boards/index.ts";
import { copyCheckout } from "../toolchain/checkout.ts";
import { buildImage, root, until } from "./support/images.ts";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let empty: string;
beforeAll(async () => {
  empty = mkdtempSync(join(tmpdir(), "mehr-empty-"));
  await buildImage("native");
}, 600_000);
afterAll(() => rmSync(empty, { recursive: true, force: true }));

function mehr(args: readonly string[], env: NodeJS.ProcessEnv = process.env, checkout = root): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, "bin/mehr.mjs"), ...args], {
    encoding: "utf8",
    env,
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

describe("help", () => {
  it("lists every command, with examples and the exit codes", () => {
    const { code, stdout } = mehr(["--help"]);
    expect(code).toBe(0);
    for (const word of ["setup", "doctor", "boards", "build", "run", "bench", "Examples:", "Exit codes:"]) {
      expect(stdout).toContain(word);
    }
  });

  it("loads nothing that only a command needs: no compiler, no board", async () => {
    // What the entry of the packed CLI imports without being asked, and what that imports in turn.
    const { packCli } = (await import(pathToFileURL(join(root, "toolchain/pack-cli.mjs")).href)) as {
      packCli(): Promise<string>;
    };
    const folder = dirname(await packCli());
    const loaded = new Map<string, string>();
    const load = (name: string): void => {
      if (loaded.has(name)) return;
      const text = name.endsWith(".js") ? readFileSync(join(folder, name), "utf8") : "";
      loaded.set(name, text);
      for (const [, from] of text.matchAll(/^(?:import|export)\b[^;]*?"([^"]+)";$/gm)) {
        load(from?.startsWith("./") ? from.slice(2) : (from ?? ""));
      }
    };
    load("mehr.js");
    expect([...loaded.keys()]).toContain("node:path");
    expect([...loaded.keys()].join(" ")).not.toMatch(/ts-morph|binaryen|assemblyscript/);
    expect([...loaded.values()].join("")).not.toContain("Heltec WiFi LoRa 32");
  });

  it.each(["setup", "doctor", "boards", "build", "bundle", "run", "bench", "generate", "completion"])(
    "of %s says what it does",
    (command) => {
      const { code, stdout } = mehr([command, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Usage: mehr ${command}`));
      expect(stdout).toContain("Examples:");
    },
  );
});

/** What came, why with numbers, what to do; before anything is built. */
const TOO_LITTLE_RAM =
  /^mehr: rak4631 cannot be built with engine wasm3: wasm3 needs about \d+ KB of RAM for the core and a program on this board has 232; give --engine aot, or leave the option out\.$/m;

describe("wrong usage ends with 2 and a sentence", () => {
  it.each([
    [["build", "rak4613"], /no board "rak4613"; did you mean rak4631\?/],
    [["build", "qemu"], /no board "qemu"; did you mean/],
    [["build", "qemu-m4", "--engine", "wasm"], /no engine "wasm"; did you mean wasm3\?/],
    [["build", "rak4631", "--engine", "wasm3"], TOO_LITTLE_RAM],
    [["build", "rak4631", "--engine", "wasm3", "--prepare-only"], TOO_LITTLE_RAM],
    [["build", "heltec-v3", "--engine", "wasm3"], /: wasm3 needs about \d+ KB of RAM .* has 320; give --engine aot,/],
    [["build", "qemu-m4-aot"], /no board "qemu-m4-aot"; did you mean qemu-m4\?/],
    [["run", "qemu-m4", "--engine", "wasm3,jit"], /no engine "jit"; the engines are wasm3 and aot/],
    [["run", "qemu-m4", "--engine", "wasm3,aot"], /takes 2 boards; give --count 2/],
    [["run", "heltec-v3"], /heltec-v3 is a real board and cannot be run here/],
    [["run", "qemu-m4", "--count", "0"], /whole number from 1 to 15/],
    [["run", "qemu-m4", "--count", "15", "--with-node", "15"], /are 30 relays; at most 16/],
    [["run", "qemu-m4", "--loss", "2"], /number from 0 to 1/],
    [["bench", "everything"], /core/],
    [["frobnicate"], /unknown command/],
    [["build"], /missing required argument/],
    [["build", "qemu-m4", "--fast"], /unknown option/],
  ])("%j", (args, sentence) => {
    const { code, stdout, stderr } = mehr(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(`${stdout}${stderr}`).not.toMatch(/^\s+at /m);
  });
});

describe("what is missing ends with 3 and the command that installs it", () => {
  it("names every Debian package at once when nothing is there", () => {
    const { code, stderr } = mehr(["build", "qemu-m4"], { PATH: empty, HOME: empty, MEHR_HOME: join(empty, "home") });
    expect(code).toBe(3);
    expect(stderr).toMatch(/apt-get install .*gcc-arm-none-eabi/);
    expect(stderr).toMatch(/python3/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("names the emulator's package when only that is missing", { timeout: 120_000 }, () => {
    const path = join(empty, "path");
    mkdirSync(path);
    for (const folder of (process.env.PATH ?? "").split(":").reverse()) {
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder)) {
        if (name.startsWith("qemu-system")) continue;
        rmSync(join(path, name), { force: true });
        symlinkSync(join(folder, name), join(path, name));
      }
    }
    const { code, stderr } = mehr(["run", "qemu-m4", "--source", "system"], { ...process.env, PATH: path });
    expect(code).toBe(3);
    expect(stderr).toMatch(/apt-get install (-\S+ )*qemu-system-arm\s*$/m);
  });

  it("says that a real board needs PlatformIO's registry", () => {
    const { code, stderr } = mehr(["build", "heltec-v3", "--source", "system"]);
    expect(code).toBe(3);
    expect(stderr).toContain("heltec-v3 cannot be built from this machine's own packages");
  });
});

describe("a board file that makes no sense ends with 2, and names file, field and both uses", () => {
  it("as soon as it is edited", { timeout: 120_000 }, () => {
    const copy = copyCheckout(root);
    try {
      const file = join(copy.path, "boards/rak4631.ts");
      const text = readFileSync(file, "utf8");
      const busy = /busy: "(P\d\.\d\d)"/.exec(text)?.[1] ?? "";
      writeFileSync(file, text.replace(/nss: "P\d\.\d\d"/, `nss: "${busy}"`));
      const { code, stderr } = mehr(["build", "rak4631"], process.env, copy.path);
      expect(code).toBe(2);
      expect(stderr).toMatch(/boards\/rak4631\.ts: .*radio\.pins\.nss.*radio\.pins\.busy/);
      expect(stderr).toContain(busy);
    } finally {
      copy.remove();
    }
  });
});

describe("--json prints one object and nothing else", () => {
  const only = (outcome: Outcome): Record<string, unknown> => {
    expect(outcome.stdout.trim().split("\n").length).toBe(1);
    expect(outcome.stderr).toBe("");
    return JSON.parse(outcome.stdout) as Record<string, unknown>;
  };

  it("for boards, as design section 8 has it", () => {
    const { boards } = only(mehr(["boards", "--json"])) as { boards: Record<string, unknown>[] };
    expect(boards.map((board) => board.id)).toEqual(boardIds());
    for (const board of boards) {
      expect(Object.keys(board).sort()).toEqual(["engine", "flash", "id", "mcu", "radio", "verified"]);
    }
    // The first is the default: wasm3 where the RAM holds it.
    for (const board of boards) expect(board.engine).toEqual(board.radio === "virtual" ? ["wasm3", "aot"] : ["aot"]);
  });

  it.each([
    ["wasm3", [], "native"],
    ["aot", ["--engine", "aot"], "native-aot"],
  ])("for build with engine %s", { timeout: 300_000 }, (engine, options, name) => {
    const result = only(mehr(["build", "native", "--json", "--source", "system", ...options]));
    expect(result).toMatchObject({ board: "native", engine, ok: true, manifest: `dist/${name}/manifest.json` });
    expect(result.artifacts).toEqual([
      expect.objectContaining({ path: `dist/${name}/firmware.elf`, kind: "elf", offset: null }),
    ]);
    expect(JSON.parse(readFileSync(join(root, `dist/${name}/manifest.json`), "utf8"))).toMatchObject({
      board: "native",
      engine,
      core: result.wasm,
    });
  });

  it("for a board with too little RAM for wasm3, which is made ready for aot without being asked", () => {
    const result = only(mehr(["build", "rak4631", "--prepare-only", "--json"]));
    expect(result).toMatchObject({ board: "rak4631", engine: "aot", ok: true });
    expect(only(mehr(["build", "native", "--prepare-only", "--json"]))).toMatchObject({ engine: "wasm3", ok: true });
  });

  it("for wrong usage", () => {
    const outcome = mehr(["build", "--json"]);
    expect(outcome.code).toBe(2);
    expect(only(outcome)).toMatchObject({
      ok: false,
      error: { exit_code: 2, message: expect.stringContaining("missing") },
    });
  });

  it("for an error", () => {
    const outcome = mehr(["build", "nonsense", "--json"]);
    expect(outcome.code).toBe(2);
    expect(only(outcome)).toMatchObject({ ok: false, error: { exit_code: 2 } });
  });

  it("for a run with its proof", { timeout: 300_000 }, () => {
    const outcome = mehr([
      "run",
      "native",
      "--count",
      "2",
      "--engine",
      "wasm3,aot",
      "--with-node",
      "1",
      "--prove",
      "--json",
      "--source",
      "system",
    ]);
    const { ok, proof } = only(outcome) as {
      ok: boolean;
      proof: { name: string; engine: string; wasmSha256: string; stateHash: string }[];
    };
    expect([outcome.code, ok]).toEqual([0, true]);
    expect(proof.map((line) => [line.name, line.engine])).toEqual([
      ["native-1", "wasm3"],
      ["native-2", "aot"],
      ["node-1", "v8"],
    ]);
    expect(new Set(proof.map((line) => line.wasmSha256 + line.stateHash)).size).toBe(1);
  });

  it("for doctor", () => {
    const outcome = mehr(["doctor", "--json"]);
    const { ok, checks } = only(outcome) as { ok: boolean; checks: { what: string; ok: boolean }[] };
    expect(outcome.code).toBe(ok ? 0 : 3);
    expect(checks.map((check) => check.what)).toContain("PlatformIO Core");
  });
});

describe("a run that is ended", () => {
  /** Starts `mehr run native`, waits for its boards, ends it with `signal`; its exit code and its children's fate. */
  const endRun = async (
    args: readonly string[],
    signal: NodeJS.Signals,
  ): Promise<{ code: number | null; left: string }> => {
    const child = spawn(
      process.execPath,
      [join(root, "bin/mehr.mjs"), "run", "native", "--source", "system", ...args],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    let said = "";
    child.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await until("the boards are there", () => said.includes("pairs have heard each other"));
    const children = execFileSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" })
      .trim()
      .split("\n");
    child.kill(signal);
    const code = await ended;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { code, left: children.filter((pid) => existsSync(`/proc/${pid}`)).join(" ") };
  };

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s ends well and leaves no child",
    { timeout: 120_000 },
    async (signal) => {
      expect(await endRun(["--count", "2"], signal)).toEqual({ code: 0, left: "" });
    },
  );

  it("before its proof has failed, and leaves no child", { timeout: 120_000 }, async () => {
    expect(await endRun(["--count", "2", "--prove", "--loss", "1"], "SIGINT")).toEqual({ code: 1, left: "" });
  });

  it("because nobody reads it any more leaves no child", { timeout: 120_000 }, async () => {
    const command = `"${process.execPath}" bin/mehr.mjs run native --source system --count 2 --seconds 60 | head -n 1`;
    execFileSync("bash", ["-c", command], { cwd: root, stdio: "pipe", timeout: 100_000 });
    const path = join(root, "dist/native/firmware.elf");
    const running = (): string[] =>
      readdirSync("/proc").filter((pid) => {
        try {
          // Boards of other tests have another parent than init.
          const parent = /\nPPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
          return parent === "1" && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(path);
        } catch {
          return false;
        }
      });
    await until("no board is left without a parent", () => running().length === 0, 20);
  });
});

describe("two commands at once", () => {
  it("that both find the packed CLI old both work", { timeout: 120_000 }, async () => {
    const copy = copyCheckout(root);
    try {
      const codes = await Promise.all(
        Array.from({ length: 4 }, () => {
          const child = spawn(process.execPath, [join(copy.path, "bin/mehr.mjs"), "boards"], { stdio: "ignore" });
          return new Promise((resolve) => child.once("exit", resolve));
        }),
      );
      expect(codes).toEqual([0, 0, 0, 0]);
    } finally {
      copy.remove();
    }
  });

  it("that build the same board both tell the truth", { timeout: 300_000 }, async () => {
    const runs = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<string>((resolve) => {
            const args = [join(root, "bin/mehr.mjs"), "build", "native", "--source", "system", "--json"];
            const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
            let said = "";
            child.stdout.on("data", (bytes: Buffer) => {
              said += bytes.toString();
            });
            child.once("exit", () => resolve(said));
          }),
      ),
    );
    expect(new Set(runs).size).toBe(1);
    expect(JSON.parse(runs[0] ?? "")).toMatchObject({ ok: true });
  });
});

describe("completion", () => {
  const complete = (...words: string[]): string[] => {
    const script = `${mehr(["completion", "bash"]).stdout}
      COMP_WORDS=(mehr ${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length}; _mehr; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
  };

  it("knows commands, boards and options in bash", () => {
    expect(complete("b")).toEqual(["boards", "build", "bundle", "bench"]);
    expect(complete("build", "qemu")).toEqual(["qemu-m4", "qemu-rv32"]);
    expect(complete("run", "--se")).toEqual(["--seconds", "--seed", "--setup"]);
    expect(complete("bench", "c")).toEqual(["core", "crypto"]);
    expect(complete("build", "qemu-m4", "--engine", "")).toEqual(["wasm3", "aot"]);
    expect(complete("run", "native", "--engine", "w")).toEqual(["wasm3", "wasm3,aot"]);
    expect(complete("setup", "--source", "s")).toEqual(["system"]);
  });

  it("is made for zsh and fish too", () => {
    expect(mehr(["completion", "zsh"]).stdout).toContain("bashcompinit");
    const fish = mehr(["completion", "fish"]).stdout;
    expect(fish).toContain('-n "__fish_seen_subcommand_from build" -a qemu-m4');
    expect(fish).toContain('-n "__fish_seen_subcommand_from build" -l engine -x -a "wasm3 aot"');
  });
});
