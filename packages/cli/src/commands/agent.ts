import process from 'node:process';
import { controlSocketPath, readConfig, runAgent } from '@peer-cache/agent';
import type { Config } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';

export interface AgentCommandOptions {
  readonly config?: string;
  readonly set?: readonly string[];
}

/** `peer-cache agent`: runs the agent of this user until it is told to stop. */
export async function agent({ config: file, set }: AgentCommandOptions): Promise<ExitCode> {
  const { env } = process;
  const readAgain = (): Config => readConfig({ file, set });
  await runAgent(readAgain(), {
    socketPath: controlSocketPath(env),
    notifySocket: env['NOTIFY_SOCKET'],
    environment: {
      proxies: {
        httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'],
        httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'],
        noProxy: env['no_proxy'] ?? env['NO_PROXY'],
      },
      credentialsDirectory: env['CREDENTIALS_DIRECTORY'],
      systemBusAddress: env['DBUS_SYSTEM_BUS_ADDRESS'],
    },
    readAgain,
  });
  return EXIT.ok;
}
