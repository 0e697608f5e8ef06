import test from 'ava';
import { ConfigInvalidError } from '../../src/errors.ts';
import { readConfig } from '../../src/index.ts';
import type { Config } from '../../src/index.ts';

function machineWith(...set: readonly string[]): Config['machine'] {
  return readConfig({ env: { PEER_CACHE_CONFIG: '/dev/null' }, set }).machine;
}

test('an agent joins the one of its machine unless it is told otherwise, and serves nobody', (t) => {
  const usual = { serve: false, join: 'auto', socketPath: '/run/peer-cache/machine.sock' };
  t.deepEqual(machineWith(), usual);
  t.like(machineWith('machine.join=never', 'machine.serve=true'), { join: 'never', serve: true });
  t.is(machineWith('machine.socket=/run/other/m.sock').socketPath, '/run/other/m.sock');
});

for (const wrong of [
  'machine.join=always',
  'machine.serve=yes',
  'machine.socket=run/machine.sock',
  `machine.socket=/run/${'x'.repeat(104)}`,
]) {
  test(`${wrong.slice(0, 40)} is refused`, (t) => {
    t.throws(() => machineWith(wrong), { instanceOf: ConfigInvalidError });
  });
}
