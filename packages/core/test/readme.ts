import { readFileSync } from 'node:fs';
import test from 'ava';
import { decodeRoot } from '../src/index.ts';

test('the example of the README runs, and gives content information', async (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const index = new URL('../src/index.ts', import.meta.url).href;
  const license = new URL('../../../LICENSE', import.meta.url);
  const runnable = example
    .replace("'@peer-cache/core'", `'${index}'`)
    .replace("'LICENSE'", `new URL('${license.href}')`);
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(runnable)}`);
  const root = typeof module === 'object' && module !== null && 'root' in module && module.root;
  t.true(root instanceof Uint8Array);
  if (root instanceof Uint8Array) {
    t.is(decodeRoot(root).sizeBytes, readFileSync(license).length);
  }
});
