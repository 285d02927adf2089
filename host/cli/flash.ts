/** `mehr flash`: writes an image to a board, and proves it. */
import { flashBoard, type FlashRequest, type Plan, planFlash, readyImage } from "../flash/flash.ts";
import { FlashFailure } from "../flash/failure.ts";
import { THIS_MACHINE } from "../flash/machine.ts";
import type { FlashReport, Listener } from "../flash/context.ts";
import type { Io } from "./outcome.ts";

export interface FlashFlags {
  readonly root: string;
  readonly board: string;
  readonly image?: string;
  readonly key?: string;
  readonly port?: string;
  readonly drive?: string;
  readonly method?: string;
  readonly baud: number;
  /** False for --no-stub. */
  readonly stub: boolean;
  readonly erase?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export async function flash(io: Io, flags: FlashFlags, machine = THIS_MACHINE): Promise<number | undefined> {
  const { root, board, image, key, port, drive, method } = flags;
  const interrupt = new AbortController();
  const { listener, end } = progress(io);
  const request: FlashRequest = {
    root,
    board,
    ...(image === undefined ? {} : { image }),
    ...(key === undefined ? {} : { key }),
    ...(port === undefined ? {} : { port }),
    ...(drive === undefined ? {} : { drive }),
    ...(method === undefined ? {} : { method }),
    options: {
      baud: flags.baud,
      noStub: !flags.stub,
      erase: flags.erase === true,
      yes: flags.yes === true,
      force: flags.force === true,
    },
    listener,
    signal: interrupt.signal,
  };
  try {
    const ready = readyImage(request);
    if (flags.dryRun) {
      const plan = await planFlash(request, machine, ready);
      io.result({ ok: true, dry_run: true, ...plan });
      printPlan(io, plan);
      return undefined;
    }
    io.onInterrupt(() => interrupt.abort());
    const report = await flashBoard(request, machine, ready);
    end();
    const { manifest } = ready;
    io.result({ ok: true, board, version: manifest.version, image_sha256: manifest.image_sha256, ...json(report) });
    for (const line of sentences(report, board)) io.print(line);
    return undefined;
  } catch (error) {
    end();
    if (!(error instanceof FlashFailure)) throw error;
    const { exitCode, message, hint, state, left } = error;
    io.result({
      ok: false,
      board,
      state,
      left,
      recover: hint ?? null,
      error: { exit_code: exitCode, message, ...(hint === undefined ? {} : { hint }) },
    });
    if (!io.json) {
      process.stderr.write(`mehr: ${message}\n`);
      if (hint !== undefined) process.stderr.write(`Try: ${hint}\n`);
    }
    return exitCode;
  }
}

function json(report: FlashReport): object {
  const { method, port, drive, identified, written, proof, running } = report;
  return { method, port, drive, identified, written, proof, running };
}

function sentences({ running, proof, port, written }: FlashReport, board: string): string[] {
  const bytes = written.reduce((sum, { size }) => sum + size, 0);
  const done = `${board} is flashed: ${bytes} bytes, ${proof.includes("read-back") ? "read back from its flash" : "proven by what runs"}.`;
  if (running === null || !proof.includes("booted")) {
    return [
      done,
      "The program has not answered yet; press the board's reset button, then `mehr monitor` shows what it does.",
    ];
  }
  return [
    done,
    `Mehr ${running.version} runs on ${port ?? running.port} with this image; its address is ${running.nodeId}.`,
  ];
}

function printPlan(io: Io, plan: Plan): void {
  io.print(`${plan.board} from ${plan.image}, by ${plan.method}, on ${plan.target}. Nothing is opened or written now.`);
  const list = (title: string, lines: readonly string[]): void => {
    io.print(`${title}:`);
    for (const line of lines) io.print(`  ${line}`);
  };
  list("identify", plan.identify);
  list("compare, and stop if it differs", plan.compare);
  list(
    "write",
    plan.write.map(({ path, to, size }) => `${path} to ${to}, ${size} bytes`),
  );
  list("verify", plan.verify);
}

const BAR = 30;

/** Steps as lines; how far a write is as a bar on a terminal, and as a line when it is done elsewhere. */
function progress(io: Io): { listener: Listener; end: () => void } {
  const bar = process.stderr.isTTY && !io.json;
  let open = false;
  let last = "";
  const end = (): void => {
    if (open) process.stderr.write("\r\x1b[K");
    open = false;
  };
  return {
    end,
    listener: {
      step: (text) => {
        end();
        io.progress(`- ${text}`);
      },
      progress: (done, what) => {
        const percent = Math.floor(done * 100);
        const line = `${what} ${percent} %`;
        if (line === last) return;
        last = line;
        if (bar) {
          const full = Math.round(done * BAR);
          process.stderr.write(`\r\x1b[K  [${"#".repeat(full)}${"-".repeat(BAR - full)}] ${line}`);
          open = true;
          if (percent >= 100) end();
        } else if (percent >= 100) io.progress(`  ${what} written`);
      },
    },
  };
}
