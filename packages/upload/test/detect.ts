import test from 'ava';
import { serverOf } from '../src/detect.ts';

const CASES = {
  'a tus server': [
    { 'tus-resumable': '1.0.0', 'tus-extension': 'creation,termination', 'tus-max-size': '5' },
    { protocol: 'tus', checksum: undefined, mostBytes: 5 },
  ],
  'one that checks requests': [
    {
      'tus-version': '1.0.0',
      'tus-extension': 'creation, checksum',
      'tus-checksum-algorithm': 'md5, SHA1,sha256',
    },
    { protocol: 'tus', checksum: 'sha256', mostBytes: undefined },
  ],
  'one that checks by what we do not know': [
    { 'tus-version': '1.0.0', 'tus-extension': 'checksum', 'tus-checksum-algorithm': 'crc32' },
    { protocol: 'tus', checksum: undefined, mostBytes: undefined },
  ],
  'one of the IETF with limits': [
    { 'upload-limit': 'max-age=60, max-size=1000' },
    { protocol: 'ietf', checksum: undefined, mostBytes: 1000 },
  ],
  'one of the IETF without': [
    { 'accept-patch': 'text/x, application/partial-upload' },
    { protocol: 'ietf', checksum: undefined, mostBytes: undefined },
  ],
  'a server that knows nothing': [
    { allow: 'GET, PUT', 'tus-max-size': '5' },
    { protocol: 'put', checksum: undefined, mostBytes: undefined },
  ],
  'a size that is none': [
    { 'tus-version': '1.0.0', 'tus-max-size': '-5' },
    { protocol: 'tus', checksum: undefined, mostBytes: undefined },
  ],
} as const;

for (const [name, [fields, expected]] of Object.entries(CASES)) {
  test(`${name} is known by its answer`, (t) => {
    t.deepEqual(serverOf(fields), expected);
  });
}
