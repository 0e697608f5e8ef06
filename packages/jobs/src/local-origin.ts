import type { FileRecord } from './records.ts';

const LOOPBACK = /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i;

/** Whether any file comes from elsewhere than this machine itself. */
export function needsNetwork(files: readonly Pick<FileRecord, 'url'>[]): boolean {
  return files.some(({ url }) => !LOOPBACK.test(URL.parse(url)?.hostname ?? ''));
}
