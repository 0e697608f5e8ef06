import test from 'ava';
import { nearestName } from '../src/config/nearest-name.ts';

const KEYS = ['store.folder', 'store.limit', 'sharing.port', 'peers', 'log.level'];

const finds = test.macro<[string, string | undefined]>({
  exec: (t, wrong, meant) => t.is(nearestName(wrong, KEYS), meant),
  title: (_, wrong, meant) => `${JSON.stringify(wrong)} was meant as ${meant ?? 'nothing known'}`,
});

test(finds, 'stor.limit', 'store.limit');
test(finds, 'store.limits', 'store.limit');
test(finds, 'store.size', 'store.limit');
test(finds, 'Sharing.Port', 'sharing.port');
test(finds, 'peer', 'peers');
test(finds, 'loglevel', 'log.level');
test(finds, 'bandwidth', undefined);
test(finds, '', undefined);
