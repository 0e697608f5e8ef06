import test from 'ava';
import { isBypassed, proxyFor, proxyUrl } from '../src/proxy-choice.ts';

const bypasses = (url: string, ...bypass: string[]) => isBypassed(new URL(url), bypass);
const explicit = (bypass: string[] = []) =>
  ({ use: 'explicit', url: 'http://proxy.test:3128', bypass }) as const;
const hostFor = (
  url: string,
  ...rest: Parameters<typeof proxyFor> extends [URL, ...infer R] ? R : never
) => proxyFor(new URL(url), ...rest)?.host;

test('each scheme has the proxy that the environment names for it', (t) => {
  const environment = { httpProxy: 'http://one.test:80', httpsProxy: 'two.test:3128' };
  const use = { use: 'environment' } as const;
  t.is(hostFor('http://origin.test/', use, environment), 'one.test');
  t.is(hostFor('https://origin.test/', use, environment), 'two.test:3128');
  t.is(hostFor('https://origin.test/', use, { httpProxy: 'http://one.test' }), undefined);
  t.is(hostFor('https://origin.test/', use, { httpsProxy: '' }), undefined);
  t.is(hostFor('https://origin.test/', use), undefined);
});

test('NO_PROXY is a list with commas or spaces', (t) => {
  const use = { use: 'environment' } as const;
  const environment = { httpProxy: 'http://one.test', noProxy: 'a.test, b.test c.test,,' };
  for (const name of ['a.test', 'b.test', 'c.test']) {
    t.is(hostFor(`http://${name}/`, use, environment), undefined, name);
  }
  t.is(hostFor('http://d.test/', use, environment), 'one.test');
});

test('a proxy of its own serves both schemes, and none serves neither', (t) => {
  const environment = { httpProxy: 'http://one.test' };
  t.is(hostFor('http://origin.test/', explicit(), environment), 'proxy.test:3128');
  t.is(hostFor('https://origin.test/', explicit(), environment), 'proxy.test:3128');
  t.is(hostFor('https://origin.test/', explicit(['.test']), environment), undefined);
  t.is(hostFor('http://origin.test/', { use: 'none' }, environment), undefined);
});

test('this machine itself is never asked for through a proxy', (t) => {
  for (const host of [
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
  ]) {
    t.is(hostFor(`http://${host}:8080/`, explicit()), undefined, host);
  }
  t.is(hostFor('http://[::ffff:127.0.0.1]/', explicit()), undefined);
  t.is(hostFor('http://10.0.0.1/', explicit()), 'proxy.test:3128');
  t.is(hostFor('http://localhost.test/', explicit()), 'proxy.test:3128');
});

test('a name covers itself and what is below it, and nothing that only ends like it', (t) => {
  for (const pattern of ['example.com', '.example.com', '*.example.com', 'EXAMPLE.com.']) {
    t.true(bypasses('http://example.com/', pattern), pattern);
    t.true(bypasses('http://a.b.Example.com./', pattern), pattern);
    t.false(bypasses('http://badexample.com/', pattern), pattern);
    t.false(bypasses('http://example.com.evil/', pattern), pattern);
  }
});

test('an entry with a port covers that port only', (t) => {
  t.true(bypasses('http://a.test:8080/', 'a.test:8080'));
  t.false(bypasses('http://a.test/', 'a.test:8080'));
  t.true(bypasses('https://a.test/', 'a.test:443'));
  t.false(bypasses('http://a.test/', 'a.test:443'));
  t.true(bypasses('http://[fd00::5]:81/', '[fd00::5]:81'));
});

test('addresses are covered by themselves, by networks, and never by names', (t) => {
  t.true(bypasses('http://10.1.2.3/', '10.1.2.3'));
  t.true(bypasses('http://10.1.2.3/', '10.0.0.0/8'));
  t.false(bypasses('http://11.1.2.3/', '10.0.0.0/8'));
  t.true(bypasses('http://[fd00::5]/', 'fd00::/8'));
  t.true(bypasses('http://[fd00::5]/', '[fd00:0::5]'));
  t.true(bypasses('http://[fd00::5]/', 'fd00::5'));
  t.false(bypasses('http://[fd00::5]/', '10.0.0.0/8'));
  t.false(bypasses('http://10.1.2.3/', '2.3', '10.0.0.0/x', '/8'));
  t.false(bypasses('http://ten.test/', '10.0.0.0/8'));
});

test('* covers all, <local> names without a dot, and empty entries nothing', (t) => {
  t.true(bypasses('http://a.test/', 'b.test', ' * '));
  t.true(bypasses('http://intranet/', '<local>'));
  t.false(bypasses('http://a.test/', '<local>'));
  t.false(bypasses('http://[fd00::5]/', '<local>'));
  t.false(bypasses('http://a.test/', '', ' ', '.', '*.', ':80', '[]'));
});

test('an address that is no proxy is refused without being shown', (t) => {
  t.is(proxyUrl('proxy.test:3128').href, 'http://proxy.test:3128/');
  for (const address of ['socks5://u:zanzibar@a.test', 'ftp://a.test', 'http://', 'a b', '']) {
    const error = t.throws(() => proxyUrl(address), { code: 'PROXY_INVALID' }, address);
    t.false(error?.message.includes('zanzibar'));
  }
});
