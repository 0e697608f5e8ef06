import { chmodSync, closeSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '@peer-cache/core';
import Database from 'better-sqlite3';
import type { Database as Sqlite } from 'better-sqlite3';
import {
  JournalDamagedError,
  JournalFullError,
  JournalInUseError,
  JournalNetworkDiskError,
  JournalUnwritableError,
} from '../errors.ts';

export interface JournalFileParts {
  readonly log: Log;
  /** What `statfs` says of a folder's disk. */
  readonly diskTypeOf?: (folder: string) => number;
}

const SCHEMA_VERSION = 4;
/** What makes the schema of a version that of the next, by that version. */
const UPGRADES: Readonly<Record<number, string>> = {
  1: 'ALTER TABLE files ADD COLUMN mirrors TEXT; PRAGMA user_version = 2;',
  // Jobs may have a limit and a cost policy, within their settings. A version that knows neither
  // would run them without, so it must not read them.
  2: 'PRAGMA user_version = 3;',
  3: 'ALTER TABLE files ADD COLUMN upload TEXT; PRAGMA user_version = 4;',
};

/** NFS, SMB, SMB2 and CIFS as Linux numbers them. Other systems number as they like. */
const NETWORK_DISKS: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xfe534d42, 0xff534d42]);

/** Columns for what is looked for or has a plain type; the rest is JSON. */
const SCHEMA = `
  CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    secrets TEXT NOT NULL,
    file_count INTEGER NOT NULL,
    created_ms REAL NOT NULL,
    modified_ms REAL NOT NULL,
    transferred_ms REAL,
    error TEXT,
    error_count INTEGER NOT NULL,
    bytes TEXT NOT NULL,
    timers TEXT NOT NULL,
    is_completing INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE files (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    file_index INTEGER NOT NULL,
    state TEXT NOT NULL,
    url TEXT NOT NULL,
    path TEXT NOT NULL,
    mirrors TEXT,
    ranges TEXT,
    digest TEXT,
    size_bytes INTEGER,
    done_bytes INTEGER NOT NULL,
    error TEXT,
    response_headers TEXT,
    version TEXT,
    temporary TEXT,
    upload TEXT,
    PRIMARY KEY (job_id, file_index)
  ) STRICT;
  CREATE TABLE kept_segments (
    job_id TEXT NOT NULL,
    file_index INTEGER NOT NULL,
    segment_index INTEGER NOT NULL,
    blocks BLOB NOT NULL,
    block_hashes BLOB,
    PRIMARY KEY (job_id, file_index, segment_index),
    FOREIGN KEY (job_id, file_index) REFERENCES files (job_id, file_index) ON DELETE CASCADE
  ) STRICT;
  CREATE TABLE errors (
    number INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    error TEXT NOT NULL
  ) STRICT;
  CREATE INDEX errors_of_jobs ON errors (job_id, number);
  CREATE TABLE clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    saved_ms REAL NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the journal for this process alone, or begins one where there is none, and runs `use` on
 * it. One of an older version is made one of this; what is damaged, or of a later one, is left as it is.
 *
 * @throws {JournalInUseError | JournalDamagedError | JournalFullError | JournalUnwritableError}
 * @throws {JournalNetworkDiskError} on NFS, SMB and CIFS
 */
export function openJournalFile<T>(
  path: string,
  { log, diskTypeOf = diskType }: JournalFileParts,
  use: (database: Sqlite) => T,
): T {
  try {
    if (NETWORK_DISKS.has(diskTypeOf(dirname(path)))) throw new JournalNetworkDiskError(path);
    const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    makePrivate(path);
    const result = attempt(path, use);
    if (walBytes > 0) log.info({ path, walBytes }, 'journal was not closed, went on from its log');
    return result;
  } catch (cause) {
    throw journalError(cause, path);
  }
}

/** What a failure of SQLite or of the disk means; anything else stays as it is. */
export function journalError(cause: unknown, path: string): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) return new JournalFullError(path, { cause });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new JournalInUseError(path, { cause });
  // SQLITE_ERROR is a table or column that isn't there.
  if (/^SQLITE_(CORRUPT.*|NOTADB|ERROR)$/.test(code)) {
    return new JournalDamagedError(path, code, { cause });
  }
  // A constraint, a wrong type: the journal is as it should be, what was asked of it is not.
  if (/^SQLITE_(CONSTRAINT|MISMATCH|MISUSE|RANGE|TOOBIG)/.test(code)) return cause;
  return new JournalUnwritableError(path, code, { cause });
}

function diskType(folder: string): number {
  return statfsSync(folder).type;
}

function attempt<T>(path: string, use: (database: Sqlite) => T): T {
  const database = new Database(path, { timeout: 0 });
  try {
    // In this order: an exclusive WAL needs no shared memory, and holds the lock from here on.
    database.pragma('locking_mode = EXCLUSIVE');
    const isNew = isEmpty(database, path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // On macOS a plain fsync leaves data in the disk's cache.
    database.pragma('fullfsync = ON');
    database.pragma('checkpoint_fullfsync = ON');
    database.pragma('foreign_keys = ON');
    if (isNew) database.transaction(() => database.exec(SCHEMA)).immediate();
    else {
      checkSound(database, path);
      upgrade(database);
    }
    return use(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether there is nothing in it yet. Before anything is written: what is not ours stays as it is. */
function isEmpty(database: Sqlite, path: string): boolean {
  const version = versionOf(database);
  if (version === SCHEMA_VERSION || UPGRADES[version] !== undefined) return false;
  const hasNothing = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  if (version === 0 && hasNothing) return true;
  throw new JournalDamagedError(path, `version ${version}, not ${SCHEMA_VERSION}`);
}

function versionOf(database: Sqlite): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** Makes one of an older version that of this; all of it or nothing. */
function upgrade(database: Sqlite): void {
  const steps = database.transaction(() => {
    for (;;) {
      const step = UPGRADES[versionOf(database)];
      if (step === undefined) return;
      database.exec(step);
    }
  });
  steps.immediate();
}

function checkSound(database: Sqlite, path: string): void {
  const finding = database.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw new JournalDamagedError(path, String(finding));
}

/**
 * Makes the file so that nobody else can read it; SQLite's other files get the same mode. One that
 * exists is not opened: closing it again would drop the lock that another journal in this process
 * may have on it (POSIX locks belong to processes).
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  }
}

/** The code of an error of the operating system or of SQLite. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  if (typeof code !== 'string') return undefined;
  return 'syscall' in error || code.startsWith('SQLITE_') ? code : undefined;
}
