import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the test's own, made with the openssl command, which must be there. */
export interface Authority {
  readonly ca: string;
  /** A certificate for a host (`DNS:name` or `IP:address`) or a user. */
  issue(name: string, options?: { readonly days?: number }): Promise<Certificate>;
  /** Base64 of a PKCS #12 file. */
  pfx(certificate: Certificate, passphrase: string): Promise<string>;
}

export async function makeAuthority(): Promise<Authority> {
  const ca = await inFolder(async (openssl, path) => {
    const subject = ['-subj', '/CN=peer-cache test authority', '-days', '30'];
    await openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', 'key', '-out', 'cert');
    return { cert: await readFile(path('cert'), 'utf8'), key: await readFile(path('key'), 'utf8') };
  });
  return {
    ca: ca.cert,
    issue: async (name, { days = 30 } = {}) =>
      await inFolder(async (openssl, path) => {
        await writeFile(path('ca-cert'), ca.cert);
        await writeFile(path('ca-key'), ca.key, { mode: 0o600 });
        await writeFile(path('extensions'), `subjectAltName=${name}`);
        const request = ['-keyout', 'key', '-out', 'request', '-subj', '/CN=peer-cache test'];
        await openssl('req', ...NEW_KEY, ...request);
        const signer = ['-CA', 'ca-cert', '-CAkey', 'ca-key', '-CAcreateserial'];
        const made = ['-in', 'request', '-out', 'cert', '-days', String(days)];
        await openssl('x509', '-req', ...made, ...signer, '-extfile', 'extensions');
        return {
          cert: await readFile(path('cert'), 'utf8'),
          key: await readFile(path('key'), 'utf8'),
        };
      }),
    pfx: async ({ cert, key }, passphrase) =>
      await inFolder(async (openssl, path) => {
        await writeFile(path('both'), cert + key);
        const secret = ['-passout', `pass:${passphrase}`];
        await openssl('pkcs12', '-export', '-in', 'both', '-out', 'pfx', ...secret);
        return (await readFile(path('pfx'))).toString('base64');
      }),
  };
}

/**
 * An origin by openssl's own server, which refuses clients without a certificate by an alert, as
 * most servers do and Node's does not.
 */
export async function startStrictOrigin(
  version: '-tls1_2' | '-tls1_3',
  { cert, key, ca }: Certificate & { readonly ca: string },
): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'strict-origin-'));
  const path = (name: string) => join(folder, name);
  await Promise.all([writeFile(path('both'), cert + key), writeFile(path('ca'), ca)]);
  const argv = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'both', '-CAfile', 'ca', '-www'];
  const server = spawn('openssl', [...argv, version, '-Verify', '1', '-verify_return_error'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface(server.stdout)) {
    const [, port] = /^ACCEPT .*:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    server.stdout.resume();
    return {
      url: `https://127.0.0.1:${port}/`,
      async [Symbol.asyncDispose]() {
        server.kill();
        if (server.exitCode === null) await once(server, 'exit');
        await rm(folder, { recursive: true });
      },
    };
  }
  throw new Error('openssl s_server did not start');
}

async function inFolder<T>(
  work: (
    openssl: (...argv: string[]) => Promise<unknown>,
    path: (name: string) => string,
  ) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  try {
    const openssl = async (...argv: string[]) => await run('openssl', argv, { cwd: folder });
    return await work(openssl, (name) => join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
}
