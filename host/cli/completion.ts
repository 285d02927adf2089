/** Completion scripts, made from the commands themselves so that they cannot fall behind. */
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;

interface Word {
  readonly name: string;
  readonly words: readonly string[];
  /** Options that take one of a few values. */
  readonly values: readonly { readonly option: string; readonly choices: readonly string[] }[];
}

/** Every command with its options and the values of its first argument, and the values of options that name something. */
function wordsOf(program: Command, boards: readonly string[], regions: readonly string[]): Word[] {
  return program.commands.map((command) => {
    const argument = command.registeredArguments[0];
    const named = (name: string): readonly string[] =>
      /^boards?$/.test(name) ? boards : name === "region" ? regions : [];
    const values = argument?.argChoices ?? named(argument?.name() ?? "");
    const options = command.options.flatMap((option) => (option.long ? [option.long] : []));
    const choices = command.options.flatMap(({ long, argChoices }) => {
      if (!long) return [];
      const choices = argChoices ?? (long === "--region" ? regions : []);
      return choices.length > 0 ? [{ option: long, choices }] : [];
    });
    const subcommands = command.commands.map((one) => one.name());
    return { name: command.name(), words: [...subcommands, ...values, ...options, "--help"], values: choices };
  });
}

/** The script for a shell, to be sourced (bash, zsh) or put into the completions folder (fish). */
export function completionScript(
  shell: (typeof SHELLS)[number],
  program: Command,
  boards: readonly string[],
  regions: readonly string[],
): string {
  const commands = wordsOf(program, boards, regions);
  const names = commands.map((command) => command.name).join(" ");
  if (shell === "fish") {
    const lines = commands.flatMap((command) => {
      const only = `__fish_seen_subcommand_from ${command.name}`;
      return [
        `complete -c mehr -f -n "not __fish_seen_subcommand_from ${names}" -a ${command.name}`,
        ...command.words.map((word) => {
          const choices = command.values.find(({ option }) => option === word)?.choices;
          if (choices) return `complete -c mehr -f -n "${only}" -l ${word.slice(2)} -x -a "${choices.join(" ")}"`;
          return word.startsWith("--")
            ? `complete -c mehr -f -n "${only}" -l ${word.slice(2)}`
            : `complete -c mehr -f -n "${only}" -a ${word}`;
        }),
      ];
    });
    return `${lines.join("\n")}\n`;
  }
  const cases = commands.map((command) => `    ${command.name}) words="${command.words.join(" ")}" ;;`).join("\n");
  const values = commands
    .flatMap((command) =>
      command.values.map(({ option, choices }) => `    "${command.name} ${option}") words="${choices.join(" ")}" ;;`),
    )
    .join("\n");
  const bash = `_mehr() {
  local words="${names} --help --version"
  case "\${COMP_WORDS[1]}" in
${cases}
  esac
  case "\${COMP_WORDS[1]} \${COMP_WORDS[COMP_CWORD - 1]}" in
${values}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${names} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _mehr mehr
`;
  return shell === "zsh" ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash;
}
