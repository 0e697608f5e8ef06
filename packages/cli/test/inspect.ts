import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeContent, encodeRoot, hashContent, serverSecretFrom } from '@peer-cache/core';
import test from 'ava';
import { inspectJson, inspectReport } from '../src/inspect-report.ts';
import { describeFile } from '../src/inspected.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const { signal } = new AbortController();
const CONTENT = Buffer.alloc(100_000, 7);

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function sidecar(): Promise<{ bytes: Buffer; secrets: string[] }> {
  const content = await hashContent(bytesOf(CONTENT));
  const serverSecret = serverSecretFrom(Buffer.alloc(32, 1));
  const information = describeContent(content, { serverSecret, etag: '"abc"' });
  const bytes = Buffer.concat([encodeRoot(information), ...content.blockHashLists]);
  const secrets = information.segments.map(({ segmentSecret }) =>
    Buffer.from(segmentSecret).toString('hex'),
  );
  return { bytes, secrets };
}

test('a sidecar is shown without its read keys', async (t) => {
  const path = join(await temporaryFolder(t), 'a.peer-cache');
  const { bytes, secrets } = await sidecar();
  await writeFile(path, bytes);
  const inspected = await describeFile(path, { signal });
  const text = inspectReport(inspected, { isWhole: true }).join('\n');
  t.regex(text, /information {2}from this file, a sidecar/);
  t.regex(text, /size {9}97\.7 KiB \(100000 bytes\)/);
  t.regex(text, /etag {9}"abc"/);
  t.regex(text, /shared as {4}1 segment, 2 blocks/);
  t.regex(text, /\n0 {8}0 {11}97\.7 KiB {2}2 {7}[0-9a-f]{32} {2}[0-9a-f]{64}$/);
  for (const shown of [text, inspectJson(inspected)]) {
    t.false(secrets.some((secret) => shown.includes(secret.slice(0, 8))));
  }
});

test('IDs are short unless all is asked for', async (t) => {
  const path = join(await temporaryFolder(t), 'a.peer-cache');
  await writeFile(path, (await sidecar()).bytes);
  const lines = inspectReport(await describeFile(path, { signal }), { isWhole: false });
  t.regex(lines.at(-1) ?? '', / {2}[0-9a-f]{8} {2}[0-9a-f]{8}$/);
});

test('any other file is computed, and it is said so', async (t) => {
  const path = join(await temporaryFolder(t), 'a.bin');
  await writeFile(path, CONTENT);
  const inspected = await describeFile(path, { signal });
  t.regex(inspectReport(inspected, { isWhole: false }).join('\n'), /computed here/);
  t.like(JSON.parse(inspectJson(inspected)), { from: 'computed', sizeBytes: 100_000 });
});

test('a small file travels inline', async (t) => {
  const path = join(await temporaryFolder(t), 'a.txt');
  await writeFile(path, 'small');
  const inspected = await describeFile(path, { signal });
  t.regex(inspectReport(inspected, { isWhole: false }).join('\n'), /inside this information/);
});

test('a damaged sidecar and a missing file are named errors', async (t) => {
  const path = join(await temporaryFolder(t), 'a.peer-cache');
  const { bytes } = await sidecar();
  await writeFile(path, bytes.subarray(0, 60));
  await t.throwsAsync(describeFile(path, { signal }), { code: 'MALFORMED_CONTENT_INFORMATION' });
  const huge = Buffer.from(bytes);
  huge.writeUInt32BE(500_000_000, 4);
  await writeFile(path, huge);
  await t.throwsAsync(describeFile(path, { signal }), { code: 'MALFORMED_CONTENT_INFORMATION' });
  await t.throwsAsync(describeFile(`${path}.no`, { signal }), { code: 'FILE_UNREADABLE' });
  await t.throwsAsync(describeFile(join(path, '..'), { signal }), { code: 'FILE_UNREADABLE' });
});
