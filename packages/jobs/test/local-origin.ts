import test from 'ava';
import { needsNetwork } from '../src/local-origin.ts';

const HERE = ['localhost', 'LOCALHOST:8080', 'a.localhost', '127.0.0.1', '127.1', '[::1]:80'];
const ELSEWHERE = ['example.com', '10.0.0.1', 'localhost.example.com', '[::2]', '128.0.0.1'];

test('what comes from this machine itself needs no network', (t) => {
  for (const host of HERE) t.false(needsNetwork([{ url: `http://${host}/a` }]), host);
  for (const host of ELSEWHERE) t.true(needsNetwork([{ url: `http://${host}/a` }]), host);
});

test('one file from elsewhere is enough to need one', (t) => {
  t.true(needsNetwork([{ url: 'http://localhost/a' }, { url: 'https://example.com/b' }]));
  t.false(needsNetwork([]));
});
