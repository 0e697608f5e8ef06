// `npm run ci`: every check (the `check:…` scripts of package.json), then every test. All of them
// run whatever the others say, so that one run shows all there is; the test line comes last.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import workspace from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));

const failed = Object.entries(workspace.scripts)
  .filter(([name]) => name.startsWith('check:'))
  .flatMap(([name, command]) => (passes(name, command) ? [] : [name]));
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
const testsPass = await test();
process.exitCode = failed.length === 0 && testsPass ? 0 : 1;

function passes(name: string, command: string): boolean {
  console.error(`${name}: ${command}`);
  return spawnSync(command, { cwd: root, shell: true, stdio: 'inherit' }).status === 0;
}

async function test(): Promise<boolean> {
  const tests = spawn(process.execPath, ['scripts/test.ts'], { cwd: root, stdio: 'inherit' });
  process.on('SIGINT', () => process.stdin.isTTY || tests.kill('SIGINT'));
  process.on('SIGTERM', () => tests.kill('SIGTERM'));
  const [exitCode]: unknown[] = await once(tests, 'exit');
  return exitCode === 0;
}
