import type { Command } from 'commander';
import type { serviceInstall, serviceUninstall } from './commands/service.ts';
import { JSON_OPTION } from './setting-flags.ts';

/** Adds `service`: the agent as something that the system starts. */
export function addServiceCommands(program: Command, setExitCode: (code: number) => void): void {
  const service = program.command('service').description('have the system start the agent');
  service
    .command('install')
    .description('install the agent as a service and start it; again: bring it up to date')
    .option('--user', 'the agent of this user, while logged on (default)')
    .option('--system', "the machine's agent")
    .option('--always', "this user's agent also while not logged on")
    .option('-n, --dry-run', 'only tell what would be done')
    .option(...JSON_OPTION)
    .action(async (options: Parameters<typeof serviceInstall>[0]) => {
      const commands = await import('./commands/service.ts');
      setExitCode(await commands.serviceInstall(options));
    });
  service
    .command('uninstall')
    .description('stop the service and remove what installing wrote')
    .option('--user', 'the agent of this user (default)')
    .option('--system', "the machine's agent")
    .option('--delete-data', 'also delete the store, the jobs and the identity')
    .option('-n, --dry-run', 'only tell what would be done')
    .option(...JSON_OPTION)
    .action(async (options: Parameters<typeof serviceUninstall>[0]) => {
      const commands = await import('./commands/service.ts');
      setExitCode(await commands.serviceUninstall(options));
    });
}
