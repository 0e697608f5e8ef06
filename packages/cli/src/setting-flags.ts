import { Option } from 'commander';
import type { Command } from 'commander';
import { parseCount, parseRateLimit, parseSeconds } from './written-values.ts';

export const MIRROR_OPTION = [
  '-m, --mirror <url>',
  'another URL with the same bytes (may be repeated)',
] as const;
export const JSON_OPTION = ['--json', 'for programs: JSON on standard output'] as const;

const PRIORITIES = ['foreground', 'high', 'normal', 'low'] as const;
const COST_POLICIES = [
  'always',
  'unrestricted',
  'standard',
  'no-surcharge',
  'not-roaming',
  'default',
] as const;
const REDIRECTS = ['follow', 'same-origin', 'refuse'] as const;
const LEAST_RETRY_SECONDS = 5;

/** Adds the options of everything that can be set on a job. */
export function addSettingFlags(command: Command): Command {
  return command
    .optionsGroup('Settings:')
    .option('--name <name>', 'what to call it (default: after the file)')
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--priority <level>', 'how urgent it is').choices(PRIORITIES))
    .option('--auto-complete', 'give the files their names as soon as all are here')
    .option('--no-auto-complete', 'wait for job complete')
    .option('--overwrite', 'replace files that exist, at completion')
    .option('--no-overwrite', 'replace none')
    .option('--sharing', 'exchange blocks with peers')
    .option('--no-sharing', 'exchange none')
    .option('--retry-delay <time>', 'wait after a transient error, such as 10m', parseRetryDelay)
    .option('--progress-timeout <time>', 'give up after so long without a byte', parseSeconds)
    .option('--max-time <time>', 'give up after so long of transferring', parseSeconds)
    .option(
      '--limit <rate>',
      'take at most so much over the WAN, such as "2 MiB/s"; 0: nothing; none: no limit',
      parseRateLimit,
    )
    .addOption(
      new Option('--cost-policy <policy>', 'on which networks it may run').choices(COST_POLICIES),
    )
    .option('--notify <name>', 'tell [notify.NAME] of the end (may be repeated)', collect)
    .optionsGroup('The way to the origin:')
    .addOption(
      new Option('--redirects <policy>', 'where the origin may send us').choices(REDIRECTS),
    )
    .option('--allow-http', 'let a redirect lead from https: to http:')
    .option('--no-allow-http', 'let none')
    .option('--proxy <url>', 'a URL, none, or environment')
    .option('--proxy-bypass <host>', 'go to this host directly (may be repeated)', collect)
    .option('--ca <file>', 'PEM file of authorities to trust too');
}

/** Adds the options that tell where a job's secrets are to be had. */
export function addSecretFlags(command: Command): Command {
  return command
    .optionsGroup('Secrets, never on the command line:')
    .option('--user <name>', 'log on to the origin, with --password-stdin')
    .addOption(
      new Option('--auth <scheme>', 'how the password is proven').choices(['basic', 'digest']),
    )
    .option('--proxy-user <name>', 'log on to the proxy, with --password-stdin')
    .option('--password-stdin', 'read passwords, one a line: of --user, of --proxy-user')
    .option('--bearer-stdin', 'read a bearer token from standard input')
    .option('--netrc', "take user and password from $NETRC or ~/.netrc, by the URL's host")
    .option('--header-file <file>', 'send these headers, "Name: value" a line (-: stdin)')
    .option('--client-cert <file>', 'client certificate: PEM, .p12 or .pfx')
    .option('--client-key <file>', 'its private key, where that is another file')
    .option('--client-passphrase <file>', 'the passphrase of the key, in its first line')
    .option('--secrets-stdin', 'read {"headers", "origin", "proxy", "clientCertificate"} in JSON');
}

/** Gathers an option that may be repeated. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** As many as `--limit` says. */
export const parseLimit: (text: string) => number = parseCount(1);

function parseRetryDelay(text: string): number {
  const seconds = parseSeconds(text);
  return parseCount(LEAST_RETRY_SECONDS)(String(seconds));
}
