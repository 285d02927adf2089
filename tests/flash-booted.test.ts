/** The proof of a flashing against the real firmware: a board proves by its own hash that it runs its image, and no other. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askRunning, waitForProof } from "../host/flash/booted.ts";
import { type Exposed, startExposed } from "../host/run/exposed.ts";
import type { Manifest } from "../toolchain/manifest.ts";
import { QUICK } from "./support/flashing.ts";
import { buildImage, virtualBoard } from "./support/images.ts";

const BOARDS = ["native", "qemu-m4"];

describe.each(BOARDS)("a %s that runs its image", (id) => {
  let dir: string;
  let exposed: Exposed;
  let manifest: Manifest;
  let port: string;
  const machine = { ports: async () => [], drives: async () => [], wait: { ...QUICK, boot: 15_000 } };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "mehr-flash-booted-"));
    const built = await buildImage(id, "aot");
    ({ manifest } = built);
    const images = [built.image];
    exposed = await startExposed({ board: virtualBoard(id), images, names: ["n1"], folder: dir, wasm: built.wasm });
    port = exposed.boards[0]?.port ?? "";
  }, 600_000);
  afterAll(async () => {
    await exposed.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("proves it", async () => {
    expect(manifest.image_sha256).toMatch(/^[0-9a-f]{64}$/);
    const proof = await waitForProof(machine, manifest, { path: port });
    expect(proof).toMatchObject({
      ok: true,
      running: { port, board: id, image: manifest.image_sha256, core: manifest.core.sha256 },
    });
  });

  it("does not prove that it runs another", async () => {
    // Long enough for QEMU, which looks for a reader about once a second.
    const short = { ...machine, wait: { ...machine.wait, boot: 4000 } };
    const other = { ...manifest, image_sha256: "ab".repeat(32) };
    expect(await waitForProof(short, other, { path: port })).toMatchObject({
      ok: false,
      clause: expect.stringMatching(/^the board runs the program .* and the image is abababababababab\.\.\.$/),
    });
    const board = { ...manifest, board: "rak4631" };
    expect(await waitForProof(short, board, { path: port })).toMatchObject({
      ok: false,
      clause: `the program that answers is for ${id}`,
    });
  });

  it("can be asked again and again: the port is let go each time", async () => {
    for (let i = 0; i < 3; i++) expect(await askRunning(port, 5000)).toMatchObject({ board: id });
  });
});
