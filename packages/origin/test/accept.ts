import { CONTENT_INFORMATION_TYPE as TYPE } from '@peer-cache/core';
import test from 'ava';
import { forbidsSharing, readAccept, varyByAccept } from '../src/accept.ts';

const accepts = test.macro<[string | undefined, boolean, boolean]>({
  exec(t, header, information, content) {
    t.deepEqual(readAccept(header), {
      isInformationAccepted: information,
      isContentAccepted: content,
    });
  },
  title: (_, header) => `Accept: ${header} is understood`,
});

test(accepts, undefined, false, true);
test(accepts, '*/*', false, true);
test(accepts, 'application/*', false, true);
test(accepts, 'text/html, image/png', false, true);
test(accepts, `${TYPE}, */*`, true, true);
test(accepts, `*/*;q=0.1,${TYPE.toUpperCase()} ;q=1`, true, true);
test(accepts, TYPE, true, false);
test(accepts, `${TYPE}, */*;q=0`, true, false);
test(accepts, `${TYPE};q=0, */*`, false, true);
test(accepts, `${TYPE};q=0.000, */*`, false, true);
test(accepts, '', false, true);
test(accepts, `x${TYPE}`, false, true);

test('only private and no-store forbid sharing, in any case and with arguments', (t) => {
  t.true(forbidsSharing('private'));
  t.true(forbidsSharing('max-age=3, No-Store'));
  t.true(forbidsSharing('private="set-cookie"'));
  t.false(forbidsSharing('no-cache, max-age=0'));
  t.false(forbidsSharing(''));
});

test('Vary gets Accept once and keeps what it has', (t) => {
  t.is(varyByAccept(''), 'Accept');
  t.is(varyByAccept('Origin, Accept-Encoding'), 'Origin, Accept-Encoding, Accept');
  t.is(varyByAccept('accept'), 'accept');
  t.is(varyByAccept('*'), '*');
});
