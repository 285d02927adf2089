/** Flashing a board: the image is verified, the board found and compared, written, and proven. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { findBoard, isVirtual, parseVariant, type RealBoard } from "../../boards/index.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { readVerifyingKey } from "../../toolchain/image/signature.ts";
import { verifyFolder } from "../../toolchain/image/verify.ts";
import { type Manifest, MANIFEST_FILE } from "../../toolchain/manifest.ts";
import { pioPlace } from "../../toolchain/pio/environment.ts";
import type { Context, FlashOptions, FlashReport, Listener } from "./context.ts";
import { flashEsp, espParts } from "./esp.ts";
import { FlashFailure } from "./failure.ts";
import { type Machine, THIS_MACHINE } from "./machine.ts";
import { flashNordic } from "./nordic.ts";
import { flashPicotool } from "./picotool.ts";
import { isBootloader } from "./running.ts";
import { selectTarget, targetText, type Wanted } from "./select.ts";
import { flashUf2 } from "./uf2.ts";

export interface FlashRequest {
  /** Root of the checkout. */
  readonly root: string;
  readonly board: string;
  /** Folder of the image; dist/<board> by default. */
  readonly image?: string;
  /** Path of the builder's public key: the image must be signed with it. */
  readonly key?: string;
  readonly port?: string;
  readonly drive?: string;
  readonly method?: string;
  readonly options: FlashOptions;
  readonly listener: Listener;
  readonly signal?: AbortSignal;
}

/** An image that was verified, for a board that exists. */
export interface ReadyImage {
  readonly board: RealBoard;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly signature: string;
}

/** Verifies the image for a board. Throws MehrError (1, 2): an image with a problem is never written. */
export function readyImage(request: Pick<FlashRequest, "root" | "board" | "image" | "key" | "options">): ReadyImage {
  const board = findBoard(request.board);
  if (isVirtual(board)) {
    throw new MehrError(2, `${board.id} is a virtual board: there is nothing to flash.`, `mehr run ${board.id}`);
  }
  const folder = request.image ?? defaultFolder(request.root, board.id);
  const key = request.key === undefined ? {} : { key: readVerifyingKey(request.key) };
  const { manifest, problems, signature } = verifyFolder(folder, { board: board.id, ...key });
  if (manifest === undefined || problems.length > 0) {
    throw new FlashFailure(1, problems.join("\n"), "unchanged", "Nothing was written.", `mehr build ${board.id}`);
  }
  if (request.options.erase && manifest.builds.length === 0) {
    throw new MehrError(
      2,
      `--erase is for chips that esptool flashes, and ${board.id} has an ${board.mcu}; a factory reset over its console forgets what a relay keeps.`,
    );
  }
  if (request.options.erase && !request.options.yes) {
    throw new MehrError(2, "--erase also erases the relay's identity, for good; add --yes if that is meant.");
  }
  return { board, folder, manifest, signature };
}

/** dist/<board>, or a sentence that tells how to get an image or which folders have one. */
function defaultFolder(root: string, board: string): string {
  const dist = join(root, "dist");
  const folder = join(dist, board);
  if (existsSync(join(folder, MANIFEST_FILE))) return folder;
  const others = existsSync(dist) ? readdirSync(dist).filter((name) => parseVariant(name)?.board === board) : [];
  const there =
    others.length === 0 ? "" : `; there is ${others.map((name) => `dist/${name}`).join(" and ")}: name it with --image`;
  throw new MehrError(
    2,
    `There is no image of ${board} in ${relative(process.cwd(), folder) || folder}${there}.`,
    `mehr build ${board}`,
  );
}

/** Flashes the one board that is meant. Throws FlashFailure with the state the board is left in, or MehrError. */
export async function flashBoard(
  request: FlashRequest,
  machine: Machine = THIS_MACHINE,
  image: ReadyImage = readyImage(request),
): Promise<FlashReport> {
  const { board, folder, manifest } = image;
  const target = await selectTarget(machine, manifest, wanted(request, true));
  request.listener.step(
    `${manifest.name} ${manifest.version} from ${folder}, by ${target.method}, on ${targetText(target)}`,
  );
  const context: Context = {
    machine,
    place: pioPlace(request.root),
    listener: request.listener,
    board,
    folder,
    manifest,
    options: request.options,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  if (target.method === "uf2") return flashUf2(context, target);
  if (target.method === "picotool") return flashPicotool(context, target.port);
  if (target.port === undefined)
    throw new MehrError(2, `The method ${target.method} needs a serial port; name it with --port.`);
  return target.method === "esptool" ? flashEsp(context, target.port) : flashNordic(context, target.port);
}

function wanted(request: FlashRequest, open: boolean): Wanted {
  const { port, drive, method } = request;
  return {
    ...(port === undefined ? {} : { port }),
    ...(drive === undefined ? {} : { drive }),
    ...(method === undefined ? {} : { method }),
    open,
  };
}

export interface Plan {
  readonly board: string;
  readonly image: string;
  readonly method: string;
  /** As the user named it or the list has it. */
  readonly target: string;
  readonly identify: readonly string[];
  readonly compare: readonly string[];
  readonly write: readonly { readonly path: string; readonly to: string; readonly size: number }[];
  readonly verify: readonly string[];
}

/** What `flashBoard` would do; nothing is opened, not even a drive's INFO_UF2.TXT. Throws as it does. */
export async function planFlash(
  request: FlashRequest,
  machine: Machine = THIS_MACHINE,
  image: ReadyImage = readyImage(request),
): Promise<Plan> {
  const { board, folder, manifest } = image;
  const target = await selectTarget(machine, manifest, wanted(request, false));
  const said =
    manifest.image_sha256 === null ? "its program's hash" : `image_sha256 ${manifest.image_sha256.slice(0, 16)}...`;
  const booted = `the program that boots says that it is for ${board.id} and has ${said}`;
  const context = { manifest } as Context;
  const running = target.port !== undefined && isBootloader(context, target.port) !== true;
  const ask = running ? [`ask ${target.port?.path} over the console which board it is, if a program of ours runs`] : [];
  const base = { board: board.id, image: folder, method: target.method, target: targetText(target) };
  const file = (kind: string): { path: string; size: number } => {
    const found = manifest.artifacts.find((artifact) => artifact.kind === kind);
    if (found === undefined)
      throw new FlashFailure(1, `${folder} has no ${kind} file.`, "unchanged", "Nothing was written.");
    return { path: found.path, size: found.size };
  };
  if (target.method === "esptool") {
    return {
      ...base,
      identify: [
        ...ask,
        "reset the chip into its boot ROM and read its kind, its MAC address and the size of its flash",
      ],
      compare: [`the chip is an ${manifest.builds[0]?.chipFamily}`, `its flash has ${board.flash.size / (1 << 20)} MB`],
      write: [
        ...(request.options.erase
          ? [{ path: "(erase everything)", to: "the whole flash", size: board.flash.size }]
          : []),
        ...espParts(image).map(({ path, offset, size }) => ({ path, to: `0x${offset?.toString(16)}`, size })),
      ],
      verify: ["after each part, the chip's MD5 over its flash", booted],
    };
  }
  const touched = running ? ["send the board into its bootloader (1200 bps)"] : [];
  const compare = [
    manifest.uf2?.boardId
      ? `Board-ID in INFO_UF2.TXT is ${manifest.uf2.boardId}`
      : "Board-ID in INFO_UF2.TXT is no other board's",
    ...(manifest.softdevice === null ? [] : [`its SoftDevice is ${manifest.softdevice.name}`]),
  ];
  if (target.method === "dfu") {
    const drive = "if the bootloader's drive is mounted, ";
    return {
      ...base,
      identify: [...ask, ...touched],
      compare: [...compare.map((one) => drive + one), `the bootloader takes an image for ${manifest.softdevice?.name}`],
      write: [{ ...file("dfu-zip"), to: `0x${board.flash.app.offset.toString(16)}` }],
      verify: [booted],
    };
  }
  if (target.method === "picotool") {
    return {
      ...base,
      identify: [...ask, ...touched, "picotool info"],
      compare: ["the chip is an RP2040"],
      write: [{ ...file("uf2"), to: "the flash" }],
      verify: ["picotool reads the flash back", booted],
    };
  }
  return {
    ...base,
    identify: [
      ...ask,
      ...(target.drive === undefined ? [...touched, "wait for the drive of its bootloader"] : []),
      "read INFO_UF2.TXT on the drive",
    ],
    compare,
    write: [{ ...file("uf2"), to: target.drive?.path ?? "the drive" }],
    verify: ["the drive goes away", booted],
  };
}
