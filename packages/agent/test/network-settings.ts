import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readConfig } from '../src/config/config.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

test('costs are a table of interfaces and Wi-Fi networks, whatever is in their names', async (t) => {
  const file = join(await temporaryFolder(t), 'config.toml');
  const table = [
    '[network.cost]',
    'wwan0 = "usage-based"',
    '"eth0.100" = "near-cap"',
    'eth1.7 = "unrestricted"',
    '"ssid:my.net = fast/" = "roaming"',
  ];
  await writeFile(file, table.join('\n'));
  const { network, settings } = readConfig({ file, env: {} });
  t.deepEqual(
    network.costRules.map(({ kind, name, cost }) => [kind, name, cost]),
    [
      ['interface', 'wwan0', 'usage-based'],
      ['interface', 'eth0.100', 'near-cap'],
      ['interface', 'eth1.7', 'unrestricted'],
      ['ssid', 'my.net = fast/', 'roaming'],
    ],
  );
  t.like(
    settings.find(({ key }) => key === 'network.cost.wwan0'),
    { value: 'usage-based', from: file },
  );
  await writeFile(file, '[network.cost]\n# wwan0 = "usage-based"\n');
  t.deepEqual(readConfig({ file, env: {} }).network.costRules, []);
});
