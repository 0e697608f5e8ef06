import type { Command, Option } from 'commander';

/** A word that could stand here. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What can be completed: these words, or what the shell itself knows of the disk. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly disk: 'nothing' | 'files' | 'folders';
}

/** Tells the words for an argument that only the agent knows. */
export type NameSource = (argument: string, command: string) => Promise<readonly Candidate[]>;

const NOTHING: Completion = { candidates: [], disk: 'nothing' };
const DISK_BY_NAME: Readonly<Record<string, Completion['disk']>> = {
  file: 'files',
  list: 'files',
  'file-or-url': 'files',
  folder: 'folders',
};

/**
 * Completes a command line of which all words are whole but the last, which may be empty. What the
 * shell has typed so far is not looked at, but for its first character: shells choose themselves.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  namesOf: NameSource,
): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const { command, taken, pending } = walk(program, words.slice(0, -1));
  if (pending !== undefined) return ofOption(pending);
  if (current.startsWith('-')) return ofFlags(command);
  const subcommands = command.createHelp().visibleCommands(command);
  if (subcommands.length > 0) {
    return {
      candidates: subcommands.map((each) => described(each.name(), each.description())),
      disk: 'nothing',
    };
  }
  const { registeredArguments } = command;
  const argument = registeredArguments[taken] ?? lastVariadic(command);
  if (argument === undefined) return NOTHING;
  const name = argument.name();
  if (argument.argChoices !== undefined) return ofChoices(argument.argChoices);
  const disk = DISK_BY_NAME[name] ?? 'nothing';
  return { candidates: await namesOf(name, command.name()), disk };
}

/** Which command the words lead to, how many arguments it has, and the option that waits for a value. */
function walk(
  program: Command,
  words: readonly string[],
): { command: Command; taken: number; pending: Option | undefined } {
  let command = program;
  let taken = 0;
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word.startsWith('-')) {
      const option = command.options.find(({ short, long }) => word === short || word === long);
      pending = option?.required === true ? option : undefined;
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) taken++;
      else command = next;
    }
  }
  return { command, taken, pending };
}

function lastVariadic(command: Command): Command['registeredArguments'][number] | undefined {
  const last = command.registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

function ofOption({ argChoices, flags }: Option): Completion {
  if (argChoices !== undefined) return ofChoices(argChoices);
  const [, name = ''] = /<([^>.]+)/.exec(flags) ?? [];
  return { candidates: [], disk: DISK_BY_NAME[name] ?? 'nothing' };
}

function ofFlags(command: Command): Completion {
  const options = command.createHelp().visibleOptions(command);
  return {
    candidates: options.map(({ long, short, description }) =>
      described(long ?? short ?? '', description),
    ),
    disk: 'nothing',
  };
}

function ofChoices(choices: readonly string[]): Completion {
  return { candidates: choices.map((value) => described(value, '')), disk: 'nothing' };
}

function described(value: string, description: string): Candidate {
  return { value, description };
}
