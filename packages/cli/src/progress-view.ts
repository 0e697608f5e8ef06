import type { WriteStream } from 'node:tty';
import type { GetEvent } from '@peer-cache/protocol';
import { renderBar } from './progress-bar.ts';
import { ProgressLine } from './progress-line.ts';
import { RateMeter } from './rate-meter.ts';
import { colorsFor } from './terminal.ts';

/** Shows how a download goes, to whoever looks. */
export interface ProgressView extends Disposable {
  show(event: GetEvent): void;
  clear(): void;
}

/** A bar where a person looks at the stream, else nothing. */
export function progressView(
  stream: WriteStream,
  { isQuiet }: { readonly isQuiet: boolean },
): ProgressView {
  if (isQuiet || !stream.isTTY) return { show() {}, clear() {}, [Symbol.dispose]() {} };
  const line = new ProgressLine(stream);
  const meter = new RateMeter();
  const colors = colorsFor(stream);
  let sizeBytes: number | undefined;
  return {
    show(event) {
      if (event.event === 'started') ({ sizeBytes } = event);
      if (event.event !== 'progress') return;
      const { doneBytes, bytes } = event;
      meter.add(performance.now(), doneBytes);
      const { bytesPerSecond } = meter;
      line.show(renderBar({ sizeBytes, doneBytes, bytes, bytesPerSecond }, line.columns, colors));
    },
    clear: () => line.clear(),
    [Symbol.dispose]: () => line.clear(),
  };
}
