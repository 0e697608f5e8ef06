import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LanHost } from '../../../../packages/discovery/test/helpers/namespaces.ts';
import type { WanLink } from '../../../helpers/branch-office/wan-link.ts';
import { eventually } from '../../../helpers/lan-office.ts';
import { BACKGROUND, hostOf, newFolder } from '../yield-site.ts';
import type { Subject } from './subject.ts';

const PORT = 51_413;
/** Whatever client asks, the origin's web server answers with this file: the seed's address. */
const ANNOUNCE_NAME = 'announce';
const TCP_ESTABLISHED = '01';

/** LEDBAT: a torrent over uTP, from a seed beside the origin. */
export const TRANSMISSION: Subject = {
  key: 'transmission',
  name: 'transmission',
  needs: ['transmission-daemon', 'transmission-remote', 'transmission-create'],
  isOurs: false,
  async start(site) {
    const { office, content } = site;
    const { wan } = office;
    const torrent = join(await newFolder(site), 'content.torrent');
    await writeFile(join(content.folder, ANNOUNCE_NAME), announcement(wan));
    const tracker = `${wan.originUrl}/${ANNOUNCE_NAME}`;
    await wan.origin.run('transmission-create', '-o', torrent, '-t', tracker, content.file.path);
    await using stack = new AsyncDisposableStack();
    const seed = { state: await newFolder(site), files: dirname(content.file.path), torrent };
    stack.use(await startDaemon(wan.origin, seed));
    await eventually(async () => (await shown(wan.origin)).includes('Percent Done: 100%'));
    const host = hostOf(office, BACKGROUND);
    const state = await newFolder(site);
    stack.use(await startDaemon(host, { state, files: state, torrent }));
    const parts = stack.move();
    return {
      problem: async () => await problemOf(wan.origin, host),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  },
};

interface Torrenting {
  readonly state: string;
  /** Where the content is, or goes. */
  readonly files: string;
  readonly torrent: string;
}

async function startDaemon(
  host: LanHost,
  { state, files, torrent }: Torrenting,
): Promise<AsyncDisposable> {
  await writeFile(join(state, 'settings.json'), JSON.stringify(SETTINGS));
  const log = join(state, 'log');
  const args = ['--foreground', '--config-dir', state, '--download-dir', files, '--logfile', log];
  const daemon = host.spawn('transmission-daemon', ...args);
  const add = async (): Promise<boolean> =>
    await host.run('transmission-remote', '--add', torrent, '--download-dir', files).then(
      () => true,
      () => daemon.exitCode !== null,
    );
  await eventually(add);
  if (daemon.exitCode !== null) throw new Error(`transmission ended with ${daemon.exitCode}`);
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await ended;
    },
  };
}

/** Nobody is found but by the announcement, and nothing holds it back but LEDBAT. */
const SETTINGS = {
  'dht-enabled': false,
  'lpd-enabled': false,
  'pex-enabled': false,
  'utp-enabled': true,
  'port-forwarding-enabled': false,
  'peer-port': PORT,
  'rpc-bind-address': '127.0.0.1',
  'scrape-paused-torrents-enabled': false,
  encryption: 0,
  preallocation: 0,
};

/** A tracker's answer (BEP 3, BEP 23) that has one peer. */
function announcement({ originAddress }: WanLink): Buffer {
  const peer = Buffer.from([...originAddress.split('.').map(Number), PORT >> 8, PORT & 255]);
  return Buffer.concat([Buffer.from('d8:intervali3600e5:peers6:'), peer, Buffer.from('e')]);
}

async function problemOf(seed: LanHost, host: LanHost): Promise<string | undefined> {
  if (await talksTcp(seed)) return 'transmission talks TCP: nothing is known of LEDBAT';
  return (await shown(host)).includes('Percent Done: 100%') ? 'its content is over' : undefined;
}

/** Where uTP does not get through it takes TCP, which yields to nobody. */
async function talksTcp(seed: LanHost): Promise<boolean> {
  const port = PORT.toString(16).toUpperCase().padStart(4, '0');
  const table = await seed.run('cat', '/proc/net/tcp');
  return table.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return local.endsWith(`:${port}`) && state === TCP_ESTABLISHED;
  });
}

async function shown(host: LanHost): Promise<string> {
  return await host.run('transmission-remote', '--torrent', 'all', '--info');
}
