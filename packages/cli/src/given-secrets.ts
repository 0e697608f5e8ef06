import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Credentials, JobSecrets } from '@peer-cache/protocol';
import { isRecord } from './control-call.ts';
import { UsageError } from './errors.ts';
import { certificateOf } from './given-certificate.ts';
import type { CertificateOptions } from './given-certificate.ts';
import { readPrivateText, readText } from './given-input.ts';
import type { StandardInput } from './given-input.ts';
import { netrcEntry } from './netrc.ts';

/** Options that name where secrets are to be had: none has one itself, since others see the command line. */
export interface SecretOptions extends CertificateOptions {
  readonly user?: string;
  readonly auth?: 'basic' | 'digest';
  readonly proxyUser?: string;
  readonly passwordStdin?: boolean;
  readonly bearerStdin?: boolean;
  readonly netrc?: boolean;
  readonly headerFile?: string;
  readonly secretsStdin?: boolean;
}

const SECRET_NAMES = ['headers', 'origin', 'proxy', 'clientCertificate'];

/**
 * Reads the secrets that a job shall have from where the options point; undefined where there are
 * none. `url` is the one whose host `--netrc` looks for.
 *
 * @throws {UsageError} for options that do not go together, or input that is not as it should be
 */
export async function secretsOf(
  options: SecretOptions,
  { input, url }: { readonly input: StandardInput; readonly url?: string | undefined },
): Promise<JobSecrets | undefined> {
  const { headerFile, secretsStdin = false } = options;
  const given = secretsStdin ? parseSecrets(await input.text('--secrets-stdin')) : {};
  const headers = headerFile === undefined ? undefined : await readHeaders(headerFile, input);
  const { origin, proxy } = await passwordsOf(options, input);
  const bearer = await bearerOf(options, input);
  const netrc = options.netrc === true ? await netrcOf(url) : undefined;
  const origins = [origin, bearer, netrc].filter((each) => each !== undefined);
  if (origins.length > 1) {
    throw new UsageError('--user, --bearer-stdin and --netrc: one of them will do');
  }
  const clientCertificate = await certificateOf(options);
  const secrets: JobSecrets = {
    ...given,
    ...(headers === undefined ? {} : { headers }),
    ...(origins[0] === undefined ? {} : { origin: origins[0] }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  };
  return Object.keys(secrets).length === 0 ? undefined : secrets;
}

/** Headers from lines such as `X-Token: abc`. The message never repeats a line. */
export function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) {
      throw new UsageError(`line ${index + 1} of the headers is no header; expected Name: value`);
    }
    headers[name] = value;
  });
  return headers;
}

async function readHeaders(path: string, input: StandardInput): Promise<Record<string, string>> {
  return parseHeaders(path === '-' ? await input.text('--header-file -') : await readText(path));
}

/** One line for each user that is named: the origin's first, then the proxy's. */
async function passwordsOf(
  { user, proxyUser, auth = 'basic', passwordStdin = false }: SecretOptions,
  input: StandardInput,
): Promise<{ origin?: Credentials; proxy?: Credentials }> {
  const users = [user, proxyUser].filter((each) => each !== undefined);
  if (passwordStdin !== users.length > 0) {
    throw new UsageError('--user or --proxy-user, and --password-stdin: give both or none');
  }
  if (!passwordStdin) return {};
  const lines = (await input.text('--password-stdin')).split(/\r?\n/);
  const passwords = lines.slice(0, users.length);
  if (passwords.length < users.length || passwords.includes('')) {
    throw new UsageError('standard input has no password; expected one a line for each user');
  }
  const [first = '', second = ''] = passwords;
  return {
    ...(user === undefined ? {} : { origin: { scheme: auth, user, password: first } }),
    ...(proxyUser === undefined
      ? {}
      : {
          proxy: {
            scheme: 'basic',
            user: proxyUser,
            password: user === undefined ? first : second,
          },
        }),
  };
}

async function bearerOf(
  { bearerStdin = false }: SecretOptions,
  input: StandardInput,
): Promise<Credentials | undefined> {
  if (!bearerStdin) return undefined;
  const token = (await input.text('--bearer-stdin')).trim();
  if (token === '') throw new UsageError('standard input has no token; --bearer-stdin expects one');
  return { scheme: 'bearer', token };
}

async function netrcOf(url: string | undefined): Promise<Credentials> {
  if (url === undefined) throw new UsageError('--netrc needs a URL, whose host it looks for');
  const path = process.env['NETRC'] ?? join(homedir(), '.netrc');
  const { hostname } = new URL(url);
  const entry = netrcEntry(await readPrivateText(path), hostname);
  if (entry === undefined) {
    throw new UsageError(`${path} has no login and password for ${hostname}`);
  }
  return { scheme: 'basic', ...entry };
}

function parseSecrets(text: string): JobSecrets {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The reason would repeat a piece of the secrets.
    throw new UsageError('standard input is no JSON; --secrets-stdin expects an object');
  }
  if (!isSecrets(value)) {
    throw new UsageError(`--secrets-stdin expects an object of ${SECRET_NAMES.join(', ')}`);
  }
  return value;
}

/** The agent looks into each. */
function isSecrets(value: unknown): value is JobSecrets {
  return isRecord(value) && Object.keys(value).every((name) => SECRET_NAMES.includes(name));
}
