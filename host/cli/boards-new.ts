/** `mehr boards new`: asks for a board, checks it, writes its file. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { unexplained } from "../../boards/check/pins.ts";
import { boardText } from "../../boards/board-text.ts";
import {
  type Board,
  BoardError,
  boardFile,
  checkAgainst,
  checkBoard,
  isVirtual,
  otherBoards,
} from "../../boards/index.ts";
import { type Answers, boardFromAnswers, type Question, QUESTIONS } from "../../boards/scaffold.ts";
import { MehrError } from "../../toolchain/errors.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface NewFlags {
  readonly root: string;
  readonly id: string | undefined;
  /** "key=value" each. */
  readonly answer: readonly string[];
  readonly questions?: boolean;
}

/** Key of the question why a pin is harmless: "acknowledge.5". */
const ACKNOWLEDGE = "acknowledge.";

/** Throws BoardError (2) with every problem, or MehrError (2) for an answer that is none; then nothing is written. */
export async function boardsNew(io: Io, flags: NewFlags): Promise<undefined> {
  if (flags.questions) {
    io.result({ ok: true, questions: QUESTIONS.map(({ key, text }) => ({ key, text })) });
    io.print(
      table(
        ["key", "question"],
        QUESTIONS.map(({ key, text }) => [key, text]),
      ),
    );
    io.print(`${ACKNOWLEDGE}<pin>  asked where a pin in use needs a reason why that is harmless`);
    return;
  }
  const given = givenAnswers(flags);
  const asker = makeAsker();
  try {
    const answers: Record<string, string> = {};
    for (const question of QUESTIONS) {
      if (question.asked?.(answers) === false) {
        if (question.key in given) throw new MehrError(2, `Nobody asks for ${question.key} here: ${whyNot(answers)}.`);
        continue;
      }
      answers[question.key] = await answer(question, answers, given[question.key], asker);
      if (question.key === "id") requireNew(flags.root, answers.id ?? "");
    }
    const value = await explained(boardFromAnswers(answers), given, asker);
    write(io, flags.root, value);
  } finally {
    asker.close();
  }
}

function whyNot(answers: Answers): string {
  return `it has no meaning with mcu=${answers.mcu} and radio=${answers.radio}`;
}

/** What the command line answers. */
function givenAnswers({ id, answer }: NewFlags): Record<string, string> {
  const given: Record<string, string> = id === undefined ? {} : { id };
  const keys = QUESTIONS.map(({ key }) => key);
  for (const one of answer) {
    const at = one.indexOf("=");
    const key = one.slice(0, Math.max(at, 0));
    if (!keys.includes(key) && !key.startsWith(ACKNOWLEDGE)) {
      throw new MehrError(2, `--answer ${one} answers no question; write key=value with one of ${keys.join(", ")}.`);
    }
    given[key] = one.slice(at + 1).trim();
  }
  return given;
}

function requireNew(root: string, id: string): void {
  if (!existsSync(join(root, boardFile(id)))) return;
  throw new MehrError(2, `${boardFile(id)} is there already and is not overwritten; choose another id, or edit it.`);
}

interface Asker {
  /** True when a person sits there, who can be asked again. */
  readonly person: boolean;
  /** The next line, or undefined when there is none left. */
  ask(question: string): Promise<string | undefined>;
  /** A word to a person; nothing to a file of answers. */
  say(line: string): void;
  close(): void;
}

/** Questions go to stderr, so that stdout stays the result's. */
function makeAsker(): Asker {
  const person = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, output: person ? process.stderr : undefined });
  const next = lines[Symbol.asyncIterator]();
  const say = (line: string): void => {
    if (person) process.stderr.write(line);
  };
  return {
    person,
    say,
    ask: async (question) => {
      say(question);
      const { value, done } = (await next.next()) as IteratorResult<string>;
      return done === true ? undefined : value.trim();
    },
    close: () => lines.close(),
  };
}

async function answer(question: Question, answers: Answers, given: string | undefined, asker: Asker): Promise<string> {
  const fallback = question.fallback?.(answers);
  for (let text = given; ; text = undefined) {
    const shown = fallback === undefined ? "" : ` [${fallback}]`;
    text ??= await asker.ask(`${question.text}${shown}: `);
    const taken = text === undefined || text === "" ? fallback : text;
    const wrong = taken === undefined ? "it must be answered" : question.wrong?.(taken, answers);
    if (taken !== undefined && wrong === undefined) return taken;
    const sentence = `${question.key}: ${wrong}`;
    if (text === undefined || !asker.person) {
      throw new MehrError(2, `${sentence} (${question.text}); give --answer ${question.key}=..., or a line of input.`);
    }
    asker.say(`  ${sentence}.\n`);
  }
}

/** The value with a reason for every pin in use that needs one. A value the check refuses is left to it. */
async function explained(value: object, given: Record<string, string>, asker: Asker): Promise<object> {
  const { board } = checkBoard(value, "");
  if (board === undefined || isVirtual(board)) return value;
  const acknowledge: Record<string, string> = {};
  for (const { field, pin, name, caution } of unexplained(board)) {
    const key = `${ACKNOWLEDGE}${pin}`;
    const text = given[key] ?? (await asker.ask(`${field}: ${name} is ${caution}. Why is that harmless here? `)) ?? "";
    if (text !== "") acknowledge[String(pin)] = text;
  }
  if (Object.keys(acknowledge).length === 0) return value;
  return { ...value, acknowledge };
}

function write(io: Io, root: string, value: unknown): void {
  const id = String((value as { id?: unknown }).id);
  const file = boardFile(id);
  const { board, problems } = checkBoard(value, file);
  const all = board === undefined ? problems : [...problems, ...checkAgainst({ file, board }, otherBoards(id))];
  if (board === undefined || all.length > 0) throw new BoardError(all);
  // "wx": not even a file that appeared while the questions were asked is overwritten.
  writeFileSync(join(root, file), boardText(value as Board), { flag: "wx" });
  io.result({ ok: true, board: id, file });
  io.print(`${file} is written and passes every check.`);
  io.print(`Next: mehr boards show ${id}; mehr generate (platformio.ini); mehr build ${id}`);
}
