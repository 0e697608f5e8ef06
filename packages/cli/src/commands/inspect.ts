import { readConfig } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import { inspectReport, inspectJson } from '../inspect-report.ts';
import { describeFile, describeUrl } from '../inspected.ts';
import { interruptible } from '../interruptible.ts';
import { say } from '../terminal.ts';

export interface InspectOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `peer-cache inspect FILE|URL`: content information made readable. */
export async function inspect(target: string, options: InspectOptions): Promise<number> {
  const { all = false, json = false } = options;
  return await interruptible(async (signal) => {
    const inspected = /^https?:\/\//i.test(target)
      ? await describeUrl(target, { signal, sidecarOrigins: readConfig().origins.sidecars })
      : await describeFile(target, { signal });
    say(json ? inspectJson(inspected) : inspectReport(inspected, { isWhole: all }).join('\n'));
    return EXIT.ok;
  });
}
