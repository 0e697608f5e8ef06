import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { joinMachine } from '../../src/machine/join-machine.ts';
import { distrustOf, pathFacts } from '../../src/machine/socket-trust.ts';
import type { PathFacts } from '../../src/machine/socket-trust.ts';
import { machineAgent } from '../helpers/machine-agent.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const AGENT_UID = 990;
const STRANGER_UID = 1001;

/** As systemd makes them. */
const USUAL = {
  top: { path: '/', kind: 'folder', uid: 0, mode: 0o40_755 },
  run: { path: '/run', kind: 'folder', uid: 0, mode: 0o40_755 },
  own: { path: '/run/peer-cache', kind: 'folder', uid: AGENT_UID, mode: 0o40_755 },
  socket: { path: '/run/peer-cache/machine.sock', kind: 'socket', uid: AGENT_UID, mode: 0o140_666 },
} as const;

function usualBut(changes: Partial<Record<keyof typeof USUAL, Partial<PathFacts>>>): PathFacts[] {
  const { top, run, own, socket } = USUAL;
  return [
    { ...top, ...changes.top },
    { ...run, ...changes.run },
    { ...own, ...changes.own },
    { ...socket, ...changes.socket },
  ];
}

test('the socket that systemd and the machine agent make is trusted', (t) => {
  t.is(distrustOf(usualBut({})), undefined);
  t.is(distrustOf(usualBut({ own: { uid: 0 }, socket: { uid: 0 } })), undefined);
});

const STRANGERS: Readonly<Record<string, Parameters<typeof usualBut>[0]>> = {
  'whose folder anybody may make': { run: { mode: 0o41_777 } },
  'whose folder a stranger may replace': { run: { uid: STRANGER_UID } },
  'whose folder others may write to': { own: { mode: 0o40_777 } },
  'whose folder a group may write to': { own: { mode: 0o40_775 } },
  'of another user than its folder': { socket: { uid: STRANGER_UID } },
  'that is a file': { socket: { kind: 'other' } },
  'below what is no folder': { own: { kind: 'other' } },
};

for (const [which, changes] of Object.entries(STRANGERS)) {
  test(`a socket ${which} is not trusted`, (t) => {
    t.is(typeof distrustOf(usualBut(changes)), 'string');
  });
}

test('links are followed before anything is judged', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'real'));
  await writeFile(join(folder, 'real', 'file'), '');
  await symlink(join(folder, 'real'), join(folder, 'link'));
  const facts = await pathFacts(join(folder, 'link', 'file'));
  t.like(facts?.at(-1), { path: join(folder, 'real', 'file'), kind: 'other' });
  t.like(facts?.[0], { path: '/', kind: 'folder' });
});

test('nothing at the path is no machine agent', async (t) => {
  t.is(await pathFacts(join(await temporaryFolder(t), 'missing', 'machine.sock')), undefined);
});

test('one that anybody could have put there is not joined, though it answers', async (t) => {
  // Temporary folders lie where everybody may make some.
  const { socketPath } = await machineAgent(t);
  const join_ = { serve: false, join: 'auto', socketPath } as const;
  t.is(await joinMachine({ log: silentLog }, join_), undefined);
});

test('the machine agent does not serve where others could put a socket in its place', async (t) => {
  const machine = await machineAgent(t);
  await machine.stop();
  await chmod(join(machine.socketPath, '..'), 0o777);
  await t.throwsAsync(machine.start(), { code: 'MACHINE_SOCKET' });
  await chmod(join(machine.socketPath, '..'), 0o700);
  await t.throwsAsync(machine.start(), { code: 'MACHINE_SOCKET' }, 'users can not enter');
  await chmod(join(machine.socketPath, '..'), 0o755);
  await machine.start();
  t.pass();
});

test('a second machine agent does not take the place of the first, nor of a file', async (t) => {
  const machine = await machineAgent(t);
  await t.throwsAsync(machine.start(), { code: 'MACHINE_SOCKET' });
  await machine.stop();
  await writeFile(machine.socketPath, '');
  await t.throwsAsync(machine.start(), { code: 'MACHINE_SOCKET' });
});
