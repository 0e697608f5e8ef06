import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { bareProgram } from './bare-program.ts';
import { addAgentLooks, addCacheCommands } from './cache-program.ts';
import type { GetCommandOptions } from './commands/get.ts';
import type { OriginServeOptions } from './commands/origin-serve.ts';
import type { PublishCommandOptions } from './commands/publish.ts';
import { SHELLS } from './completion-scripts.ts';
import type { Shell } from './completion-scripts.ts';
import { addJobCommands } from './job-program.ts';
import { addServiceCommands } from './service-program.ts';
import { collect, JSON_OPTION, MIRROR_OPTION } from './setting-flags.ts';
import { parseBytes } from './written-values.ts';

const EXAMPLES = `
Examples:
  $ peer-cache agent                                  run the agent of this user
  $ peer-cache get https://files.example.com/a.iso    fetch a file into this folder
  $ peer-cache get -o - https://…/a.tar | tar x       fetch it to standard output
  $ peer-cache job create https://…/a.iso -o /srv/    have the agent fetch it, whatever happens
  $ peer-cache job watch a.iso                        see how it goes
  $ peer-cache why a.iso                              what it waits for
  $ peer-cache status                                 what the agent has, does and has saved
  $ peer-cache publish /srv/files                     let nginx or S3 serve for peer-cache

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no such content or job,
4 may work later, 5 disk or permission on this machine, 130 interrupted.`;

const COMPLETION_HELP = `
In the shell's start-up file:
  bash   eval "$(peer-cache completion bash)"
  zsh    source <(peer-cache completion zsh)      (after compinit)
  fish   peer-cache completion fish | source`;
const CONFIG_OPTION = [
  '--config <file>',
  'configuration file to use instead of the usual',
] as const;
const SET_OPTION = ['--set <key=value>', 'set a configuration key (may be repeated)'] as const;

interface ConfigOptions {
  readonly config?: string;
  readonly set?: readonly string[];
}

/**
 * The commands and their options. Each command's code is loaded when it is called, so that a small
 * command starts fast.
 */
export function createProgram(setExitCode: (code: number) => void): Command {
  const program = bareProgram()
    .description('Fetches files from the machines nearby, and only the rest from the origin.')
    .version(manifest.version, '-V, --version')
    .addHelpText('after', EXAMPLES);
  addAgentCommands(program, setExitCode);
  addGet(program, setExitCode);
  addJobCommands(program, setExitCode);
  addCacheCommands(program, setExitCode);
  addAgentLooks(program, setExitCode);
  addConfig(program, setExitCode);
  addServiceCommands(program, setExitCode);
  addOriginCommands(program, setExitCode);
  addInspect(program, setExitCode);
  addCompletion(program, setExitCode);
  program
    .command('version')
    .description('show the version')
    .action(() => console.log(manifest.version));
  return program;
}

function addAgentCommands(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('agent')
    .description('run the agent in the foreground, until SIGINT or SIGTERM; logs JSON lines')
    .option(...CONFIG_OPTION)
    .option(...SET_OPTION, collect)
    .action(async (options: ConfigOptions) => {
      const { agent } = await import('./commands/agent.ts');
      setExitCode(await agent(options));
    });
  program
    .command('status')
    .description('show what the agent has, does and has saved')
    .option(...JSON_OPTION)
    .action(async (options: { json?: boolean }) => {
      const { status } = await import('./commands/status.ts');
      setExitCode(await status(options));
    });
}

function addConfig(program: Command, setExitCode: (code: number) => void): void {
  const config = program.command('config').description('show and check the configuration');
  config
    .command('show', { isDefault: true })
    .description('show every setting, its value and where it comes from (also without a word)')
    .option(...CONFIG_OPTION)
    .option(...SET_OPTION, collect)
    .option(...JSON_OPTION)
    .action(async (options: ConfigOptions & { json?: boolean }) => {
      const { configShow } = await import('./commands/config.ts');
      setExitCode(configShow(options));
    });
  config
    .command('check')
    .description(
      'tell what the configuration runs into here: exit code 0 well, 1 warnings, 2 errors',
    )
    .option(...CONFIG_OPTION)
    .option(...SET_OPTION, collect)
    .option(...JSON_OPTION)
    .action(async (options: ConfigOptions & { json?: boolean }) => {
      const { configCheck } = await import('./commands/config.ts');
      setExitCode(await configCheck(options));
    });
}

function addGet(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('get')
    .description('fetch a file: from the store, else from peers, else from the origin')
    .argument('<url>', 'what to fetch, http: or https:')
    .option('-o, --output <file>', 'where to (a folder: into it; -: to standard output)')
    .option('-f, --force', 'replace a file whose name was taken from the URL')
    .option(...MIRROR_OPTION, collect)
    .option('-q, --quiet', 'say nothing but errors')
    .option('--json', 'for programs: one JSON line per event on standard output')
    .option('--no-agent', 'do it in this process, even where an agent runs')
    .option('--config <file>', 'configuration file; implies --no-agent')
    .option('--set <key=value>', 'set a configuration key; implies --no-agent', collect)
    .action(async (url: string, options: GetCommandOptions) => {
      const { get } = await import('./commands/get.ts');
      setExitCode(await get(url, options));
    });
}

function addOriginCommands(program: Command, setExitCode: (code: number) => void): void {
  const origin = program.command('origin').description('be an origin');
  origin
    .command('serve')
    .description('serve a folder over HTTP, with content information')
    .argument('<folder>')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any', parsePort, 8080)
    .option('--public', 'public content: anybody who has a file can find out who else has it')
    .option('--uploads <folder>', 'take uploads (tus 1.0) below /uploads/, and keep them there')
    .option('--upload-limit <size>', 'most of one upload, such as "10 GiB"', parseBytes)
    .option('--upload-quota <size>', 'most that one address has under way', parseBytes)
    .option('--upload-overwrite', 'let an upload replace a file of its name')
    .option('--upload-notify <url>', 'tell an application of each upload, by POST')
    .option('--upload-notify-file', 'send it the file itself, not only where it is')
    .option('--upload-secret-file <file>', 'sign what it is told (HMAC-SHA256)')
    .action(async (folder: string, options: OriginServeOptions) => {
      const { originServe } = await import('./commands/origin-serve.ts');
      setExitCode(await originServe(folder, options));
    });
  program
    .command('publish')
    .description('write content information beside each file of a folder, as NAME.peer-cache')
    .argument('<folder>')
    .option('--public', 'public content: anybody who has a file can find out who else has it')
    .option('-f, --force', 'publish what is current too')
    .option('-n, --dry-run', 'only tell what would be done')
    .option('--json', 'for programs: one JSON line per file on standard output')
    .action(async (folder: string, options: PublishCommandOptions) => {
      const { publish } = await import('./commands/publish.ts');
      setExitCode(await publish(folder, options));
    });
}

function addInspect(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('inspect')
    .description('show the content information of a URL, a sidecar or a file')
    .argument('<file-or-url>')
    .option('--all', 'show every segment, with whole IDs')
    .option(...JSON_OPTION)
    .action(async (target: string, options: { all?: boolean; json?: boolean }) => {
      const { inspect } = await import('./commands/inspect.ts');
      setExitCode(await inspect(target, options));
    });
}

function addCompletion(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('completion')
    .description('print what a shell reads to complete our command lines')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action(async (shell: Shell) => {
      const { completion } = await import('./commands/completion.ts');
      setExitCode(completion(shell));
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { completeWords } = await import('./commands/completion.ts');
      setExitCode(await completeWords(program, words));
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('expected a number from 0 to 65535.');
}
