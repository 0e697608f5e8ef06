import type { Command } from 'commander';
import type { JobCreateOptions } from './commands/job-create.ts';
import type { JobListOptions } from './commands/job-list.ts';
import type { JobRetargetOptions } from './commands/job-retarget.ts';
import type { FileOptions } from './given-files.ts';
import type { SecretOptions } from './given-secrets.ts';
import type { SettingOptions } from './given-settings.ts';
import {
  addSecretFlags,
  addSettingFlags,
  collect,
  JSON_OPTION,
  MIRROR_OPTION,
  parseLimit,
} from './setting-flags.ts';
import { parseCount, parseDigest, parseProtocol, parseRange } from './written-values.ts';

interface JsonOptions {
  readonly json?: boolean;
}

const STATES = 'suspended, queued, connecting, transferring, transient-error, error, transferred';
const CREATE_EXAMPLES = `
Examples:
  $ peer-cache job create https://files.example.com/a.iso -o /srv/a.iso --auto-complete
  $ peer-cache job create https://files.example.com/a.iso --user me --password-stdin < file
  $ peer-cache job create --files-from list.tsv --name images --priority low --wait
  $ peer-cache job create --upload https://files.example.com/uploads/ report.zip photo.jpg
  $ peer-cache job create --upload https://files.example.com/uploads/ --reply claim.xml

A list has a line "URL<TAB>PATH" for each file. A job that is transferred waits for
peer-cache job complete, unless it completes by itself.`;

/** Adds `job` and what can be done with jobs. */
export function addJobCommands(program: Command, setExitCode: (code: number) => void): void {
  const job = program
    .command('job')
    .description('create, look after and complete jobs that the agent works on by itself');
  addCreate(job, setExitCode);
  addAdd(job, setExitCode);
  addLooks(job, setExitCode);
  addActions(job, setExitCode);
  addChanges(job, setExitCode);
  addWatch(job, setExitCode);
  program
    .command('why')
    .description('tell what exactly a job waits for, and when it will be tried')
    .argument('<job>', 'ID, start of an ID, or name')
    .option(...JSON_OPTION)
    .action(async (name: string, options: JsonOptions) => {
      const { why } = await import('./commands/why.ts');
      setExitCode(await why(name, options));
    });
}

function addCreate(job: Command, setExitCode: (code: number) => void): void {
  const create = job
    .command('create')
    .description('create a job and set it going; prints its ID')
    .argument('[url]', 'what to fetch, http: or https:; with --upload the file to send')
    .argument('[more...]', 'more files to send')
    .option('-o, --output <file>', 'where to (a folder: into it); with --reply: what is answered')
    .option('--files-from <list>', 'fetch what a list names (-: standard input)')
    .option(...MIRROR_OPTION, collect)
    .option('--range <bytes>', 'only these, FIRST-LAST or FIRST- (may be repeated)', parseRange)
    .option('--digest <digest>', 'what the whole must hash to, such as sha256:…', parseDigest)
    .option('--upload <url>', 'send files there: a tus server, or the URL that a PUT goes to')
    .option('--as <name>', 'with --upload: the name that the server may give the file')
    .option(
      '--protocol <name>',
      'with --upload: tus, ietf or put (default: ask the server)',
      parseProtocol,
    )
    .option('--s3 <plan>', 'with --upload: a JSON file with presigned URLs of parts')
    .option('--reply', 'with --upload: await what the server answers, and fetch it')
    .option('--suspended', 'do not set it going')
    .option('--wait', 'stay until it is transferred, or completed, or has failed')
    .option(...JSON_OPTION)
    .addHelpText('after', CREATE_EXAMPLES)
    .action(async (url: string | undefined, more: string[], options: JobCreateOptions) => {
      const { jobCreate } = await import('./commands/job-create.ts');
      setExitCode(await jobCreate(url === undefined ? more : [url, ...more], options));
    });
  addSecretFlags(addSettingFlags(create));
}

function addAdd(job: Command, setExitCode: (code: number) => void): void {
  job
    .command('add')
    .description('add a file to a job')
    .argument('<job>', 'ID, start of an ID, or name')
    .argument('[url]', 'what to fetch, http: or https:')
    .option('-o, --output <file>', 'where to (a folder: into it)')
    .option('--files-from <list>', 'add what a list names (-: standard input)')
    .option(...MIRROR_OPTION, collect)
    .option('--range <bytes>', 'only these, FIRST-LAST or FIRST- (may be repeated)', parseRange)
    .option('--digest <digest>', 'what the whole must hash to, such as sha256:…', parseDigest)
    .option(...JSON_OPTION)
    .action(async (name: string, url: string | undefined, options: FileOptions & JsonOptions) => {
      const { jobAdd } = await import('./commands/job-add.ts');
      setExitCode(await jobAdd({ job: name, url }, options));
    });
}

function addLooks(job: Command, setExitCode: (code: number) => void): void {
  job
    .command('list')
    .description('list jobs, in order of creation')
    .option('--state <states>', `only these, separated by commas: ${STATES}`)
    .option('--limit <number>', 'at most so many (default: 100)', parseLimit)
    .option('--all-pages', 'all of them')
    .option(...JSON_OPTION)
    .action(async (options: JobListOptions) => {
      const { jobList } = await import('./commands/job-list.ts');
      setExitCode(await jobList(options));
    });
  job
    .command('show')
    .description('show everything of a job')
    .argument('<job>', 'ID, start of an ID, or name')
    .option(...JSON_OPTION)
    .action(async (name: string, options: JsonOptions) => {
      const { jobShow } = await import('./commands/job-show.ts');
      setExitCode(await jobShow(name, options));
    });
  job
    .command('reply')
    .description('print what the server answered to a file that was sent with --reply')
    .argument('<job>', 'ID, start of an ID, or name')
    .action(async (name: string) => {
      const { jobReply } = await import('./commands/job-reply.ts');
      setExitCode(await jobReply(name));
    });
  job
    .command('log')
    .description('show the errors that a job met, the latest last')
    .argument('<job>', 'ID, start of an ID, or name')
    .option(...JSON_OPTION)
    .action(async (name: string, options: JsonOptions) => {
      const { jobLog } = await import('./commands/job-log.ts');
      setExitCode(await jobLog(name, options));
    });
}

function addActions(job: Command, setExitCode: (code: number) => void): void {
  const actions = {
    suspend: 'pause jobs',
    resume: 'set jobs going, also those in error',
    complete: 'give what is transferred its names, and end jobs',
    cancel: 'end jobs and delete what they have brought',
  } as const;
  for (const verb of ['suspend', 'resume', 'complete', 'cancel'] as const) {
    job
      .command(verb)
      .description(actions[verb])
      .argument('<job...>', 'IDs, starts of IDs, or names')
      .option(...JSON_OPTION)
      .action(async (names: readonly string[], options: JsonOptions) => {
        const { jobAction } = await import('./commands/job-action.ts');
        setExitCode(await jobAction(verb, names, options));
      });
  }
}

function addChanges(job: Command, setExitCode: (code: number) => void): void {
  const set = job
    .command('set')
    .description('change settings or secrets of a job')
    .argument('<job>', 'ID, start of an ID, or name')
    .option(...JSON_OPTION)
    .action(async (name: string, options: SettingOptions & SecretOptions & JsonOptions) => {
      const { jobSet } = await import('./commands/job-set.ts');
      setExitCode(await jobSet(name, options));
    });
  addSecretFlags(addSettingFlags(set));
  job
    .command('retarget')
    .description('change where files come from; what is the same content is kept')
    .argument('<job>', 'ID, start of an ID, or name')
    .option('--file <index>', 'the file, as job show numbers it', parseCount(0))
    .option('--url <url>', 'where it comes from now')
    .option('--prefix <urls...>', 'OLD NEW: replace the start of all URLs that have it')
    .option(...JSON_OPTION)
    .action(async (name: string, options: JobRetargetOptions) => {
      const { jobRetarget } = await import('./commands/job-retarget.ts');
      setExitCode(await jobRetarget(name, options));
    });
}

function addWatch(job: Command, setExitCode: (code: number) => void): void {
  job
    .command('watch')
    .description(
      'watch a job until it is transferred or has failed; without one: all, until Ctrl-C',
    )
    .argument('[job]', 'ID, start of an ID, or name')
    .option('--json', 'for programs: one JSON line per event on standard output')
    .action(async (name: string | undefined, options: JsonOptions) => {
      const { jobWatch } = await import('./commands/job-watch.ts');
      setExitCode(await jobWatch(name, options));
    });
}
