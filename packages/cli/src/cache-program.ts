import { Option } from 'commander';
import type { Command } from 'commander';
import type { CacheListOptions } from './commands/cache.ts';
import type { LogOptions } from './commands/log.ts';
import { JSON_OPTION, parseLimit } from './setting-flags.ts';

interface JsonOptions {
  readonly json?: boolean;
}

/** Adds what tells of the running agent's store, peers and log. */
export function addCacheCommands(program: Command, setExitCode: (code: number) => void): void {
  const cache = program.command('cache').description('look into the store, and look after it');
  cache
    .command('list')
    .description('list segments in the store')
    .option('--limit <number>', 'at most so many (default: 100)', parseLimit)
    .option('--all-pages', 'all of them')
    .option(...JSON_OPTION)
    .action(async (options: CacheListOptions) => {
      const { cacheList } = await import('./commands/cache.ts');
      setExitCode(await cacheList(options));
    });
  cache
    .command('clear')
    .description('remove everything that is not pinned or in use')
    .option(...JSON_OPTION)
    .action(async (options: JsonOptions) => {
      const { cacheClear } = await import('./commands/cache.ts');
      setExitCode(await cacheClear(options));
    });
  addPins(cache, setExitCode);
  cache
    .command('verify')
    .description('read and verify every block; damaged ones are forgotten (exit code 1)')
    .option('--json', 'for programs: one JSON line per event on standard output')
    .action(async (options: JsonOptions) => {
      const { cacheVerify } = await import('./commands/cache.ts');
      setExitCode(await cacheVerify(options));
    });
}

/** Adds what tells of the running agent's neighbours and of what it did. */
export function addAgentLooks(program: Command, setExitCode: (code: number) => void): void {
  program
    .command('peers')
    .description('list the peers that were found, and what they gave us')
    .option(...JSON_OPTION)
    .action(async (options: JsonOptions) => {
      const { peers } = await import('./commands/peers.ts');
      setExitCode(await peers(options));
    });
  program
    .command('log')
    .description('show what the agent wrote to its log lately')
    .option('-f, --follow', 'and what it writes from now on, until Ctrl-C')
    .addOption(
      new Option('--level <level>', 'this and above').choices(['debug', 'info', 'warn', 'error']),
    )
    .option('--json', 'for programs: one JSON line per record on standard output')
    .action(async (options: LogOptions) => {
      const { log } = await import('./commands/log.ts');
      setExitCode(await log(options));
    });
}

function addPins(cache: Command, setExitCode: (code: number) => void): void {
  const actions = [
    { verb: 'pin', isPinned: true, what: 'keep segments from being evicted' },
    { verb: 'unpin', isPinned: false, what: 'let segments be evicted again' },
  ] as const;
  for (const { verb, isPinned, what } of actions) {
    cache
      .command(verb)
      .description(what)
      .argument('<segment...>', 'segment IDs, or their first 8 digits')
      .option(...JSON_OPTION)
      .action(async (segmentIds: readonly string[], options: JsonOptions) => {
        const { cachePin } = await import('./commands/cache.ts');
        setExitCode(await cachePin(segmentIds, isPinned, options));
      });
  }
}
