import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { FakeAgent } from './helpers/fake-agent.ts';
import { fakeFile, fakeJob } from './helpers/fake-job.ts';
import { hasTmux, Terminal } from './helpers/terminal.ts';
import { User } from './helpers/user.ts';

const BIN = fileURLToPath(new URL('helpers/bin.ts', import.meta.url));
const PATIENCE_MS = 25_000;
const MOST_COLUMNS = 79;
const withTmux = (await hasTmux()) ? test.serial : test.serial.skip;

const BUSY = {
  code: 'ORIGIN_BUSY',
  message: 'the origin files.example.com answered 503 Service Unavailable; it may work later',
  transient: true,
  context: 'remote-file',
  atMs: Date.now(),
} as const;
const LONG_NAME = 'monthly images of the whole laboratory, with 日本語 in the name, once more';

async function userWithJobs(t: ExecutionContext): Promise<{ user: User; agent: FakeAgent }> {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  agent.add(
    fakeJob({ files: [fakeFile(), fakeFile({ index: 1, state: 'waiting', doneBytes: 0 })] }),
  );
  agent.add(
    fakeJob({
      id: '91ab0000-2',
      name: LONG_NAME,
      state: 'transient-error',
      error: BUSY,
      retryInSeconds: 492,
      errorCount: 1,
      errors: [BUSY],
    }),
  );
  agent.add(
    fakeJob({
      id: '91ab0001-3',
      name: 'escape \u001B[2Jsequence',
      state: 'error',
      error: { ...BUSY, transient: false },
      priority: 'foreground',
    }),
  );
  return { user, agent };
}

/** Runs a command in a shell of 80 columns, and waits for the prompt after it. */
async function screenOf(t: ExecutionContext, user: User, line: string): Promise<string[]> {
  const terminal = await Terminal.open(
    t,
    ['sh', '-c', `"$0" "$1" ${line}; echo "[$?]"; exec cat`, process.execPath, BIN],
    { ...user.env, LANG: 'C.UTF-8', TZ: 'UTC' },
  );
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const lines = await terminal.untilShown(/^\[\d+\]$/, { signal });
  t.log(`\n${lines.join('\n')}`);
  return lines;
}

const fits = test.macro<[string, readonly RegExp[], number]>({
  async exec(t, line, patterns, mostLines) {
    const { user } = await userWithJobs(t);
    const lines = await screenOf(t, user, line);
    for (const each of patterns)
      t.true(
        lines.some((text) => each.test(text)),
        String(each),
      );
    // A line of all 80 columns is one that the terminal has broken.
    t.deepEqual(
      lines.filter((text) => text.length > MOST_COLUMNS),
      [],
    );
    t.true(lines.length <= mostLines, lines.join('\n'));
  },
  title: (_, line) => `"${line}" fits in a terminal of 80 columns`,
});

withTmux(fits, 'job list', [/^ID +NAME +STATE +PRIORITY +FILES +DONE +SIZE$/, /…/, /^\[0\]$/], 6);
withTmux(
  fits,
  'job show debian-12.iso',
  [/^progress +1\.6 GiB of 3\.6 GiB \(43 %\)/, /^\[0\]$/],
  23,
);
withTmux(fits, 'job log 91ab0000', [/ORIGIN_BUSY {2}transient, remote-file$/], 4);
withTmux(
  fits,
  'why 91ab0000',
  [
    /^monthly.*….* {2}91ab0000 {2}transient-error$/,
    /^ {2}the origin/,
    /retry-delay, tried again in 8 min 12 s \(at \d\d:\d\d:\d\d\)$/,
  ],
  7,
);
withTmux(
  fits,
  'status',
  [/^jobs +1 transferring, 1 error, 1 transient-error$/, /^received +90 % saved: /],
  14,
);
withTmux(
  fits,
  'job shwo',
  [/^peer-cache: unknown command 'shwo' \(Did you mean show\?\) \(USAGE\)$/, /^\[2\]$/],
  2,
);

const leavesClean = test.macro<[string, RegExp, RegExp]>({
  async exec(t, line, during, after) {
    const { user, agent } = await userWithJobs(t);
    const terminal = await Terminal.open(
      t,
      ['sh', '-ic', `"$0" "$1" ${line}; echo "[$?]"; exec cat`, process.execPath, BIN],
      { ...user.env, LANG: 'C.UTF-8' },
    );
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const before = await terminal.untilShown(during, { signal });
    t.log(`\n${before.join('\n')}`);
    t.deepEqual(
      before.filter((text) => text.length > MOST_COLUMNS),
      [],
    );
    const [job] = agent.jobs.values();
    if (job !== undefined) agent.move(job, { doneBytes: 3600 * 2 ** 20 });
    const moved = await terminal.untilShown(/97 ?%/, { signal });
    t.is(moved.length, before.length, moved.join('\n'));
    await terminal.press('', 'C-c');
    const ended = await terminal.untilShown(/^\[\d+\]$/, { signal });
    t.log(`\n${ended.join('\n')}`);
    t.regex(ended.at(-1) ?? '', /^\[130\]$/);
    t.regex(ended.join('\n'), after);
  },
  title: (_, line) => `"${line}" is redrawn in place and leaves a clean screen after Ctrl-C`,
});

withTmux(
  leavesClean,
  'job watch debian-12.iso',
  /^ 43%/,
  /97%[^]*the job goes on without the view/,
);
withTmux(leavesClean, 'job watch', /^ID +NAME/, /97 %/);
