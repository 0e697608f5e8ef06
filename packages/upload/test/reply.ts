import test from 'ava';
import { replyOf } from '../src/reply.ts';

const TARGET = 'https://files.test/uploads/';

test('a reply is where the link says, else where the content is said to be', (t) => {
  const link = '<../replies/1>; rel="reply"';
  const url = 'https://files.test/replies/1';
  t.deepEqual(replyOf({ link, 'content-location': '/other' }, TARGET), { url });
  t.deepEqual(replyOf({ link: ['<x>; rel="next"', link] }, TARGET), { url });
  t.deepEqual(replyOf({ 'content-location': '/replies/1' }, TARGET), { url });
});

test('a server may say that there is none, or none yet', (t) => {
  t.is(replyOf({}, TARGET), 'none');
  t.is(replyOf({ 'upload-reply': 'none', 'content-location': '/x' }, TARGET), 'none');
  t.is(replyOf({ 'upload-reply': 'Pending' }, TARGET), 'pending');
  t.is(replyOf({ link: 'no link at all' }, TARGET), 'none');
});

for (const reference of [
  'https://elsewhere.test/1',
  '//elsewhere.test/1',
  'http://files.test/1',
  'https://files.test:8443/1',
  'file:///etc/passwd',
  'https://',
]) {
  test(`a reply at ${reference} is not followed`, (t) => {
    t.throws(() => replyOf({ link: `<${reference}>; rel="reply"` }, TARGET), {
      code: 'REPLY_REFUSED',
    });
    t.throws(() => replyOf({ 'content-location': reference }, TARGET), { code: 'REPLY_REFUSED' });
  });
}
