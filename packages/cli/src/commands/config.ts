import process from 'node:process';
import { checkConfig, gatherConfigFacts, readConfig } from '@peer-cache/agent';
import type { ConfigFinding } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printableLine } from '../format.ts';
import { say, viewOptionsFor } from '../terminal.ts';
import { wrapped } from '../text-width.ts';

export interface ConfigCommandOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

const LEVEL_WIDTH = 9;
const HIDDEN = '(not shown)';

/** `peer-cache config show`: every setting in force, as a TOML file could say it; no secrets. */
export function configShow({ config: file, set, json = false }: ConfigCommandOptions): ExitCode {
  const { settings } = readConfig({ file, set });
  if (json) {
    say(
      JSON.stringify(settings.map((each) => (each.isSecret ? { ...each, value: HIDDEN } : each))),
    );
    return EXIT.ok;
  }
  for (const { key, value, from, doc, isSecret } of settings) {
    // A JSON string, number, boolean or list of strings is one of TOML as well.
    const line = isSecret ? `# ${key} = ${HIDDEN}` : `${key} = ${JSON.stringify(value)}`;
    say(`# ${doc}\n${line}  # ${from}\n`);
  }
  return EXIT.ok;
}

/**
 * `peer-cache config check`: what the configuration runs into on this machine. The exit code is 0
 * where all is well, 1 for warnings, 2 for errors.
 */
export async function configCheck(options: ConfigCommandOptions): Promise<ExitCode> {
  const { config: file, set, json = false } = options;
  const config = readConfig({ file, set });
  const findings = checkConfig(config, await gatherConfigFacts(config));
  if (json) say(JSON.stringify(findings));
  else for (const finding of findings) tellFinding(finding);
  const hasLevel = (level: ConfigFinding['level']): boolean =>
    findings.some((finding) => finding.level === level);
  if (hasLevel('error')) return EXIT.usage;
  return hasLevel('warning') ? EXIT.failed : EXIT.ok;
}

function tellFinding({ level, code, text }: ConfigFinding): void {
  const { columns, colors } = viewOptionsFor(process.stdout);
  const paint = { ok: colors.green, warning: colors.yellow, error: colors.red }[level];
  wrapped(`${printableLine(text)} (${code})`, columns - LEVEL_WIDTH).forEach((line, index) => {
    const label = (index === 0 ? level : '').padEnd(LEVEL_WIDTH);
    say(paint(label) + line);
  });
}
