import { chmodSync, closeSync, openSync, renameSync } from 'node:fs';
import type { Log } from '@peer-cache/core';
import Database from 'better-sqlite3';
import type { Database as Sqlite } from 'better-sqlite3';
import {
  isNoSpace,
  StoreFullError,
  StoreInUseError,
  StoreUnwritableError,
  systemCode,
} from './errors.ts';

const SCHEMA_VERSION = 1;
/** 16 MiB: a checkpoint syncs the disk and holds everything up, so it should be rare. */
const CHECKPOINT_PAGES = 4096;

/** The lists are apart: a row of `segments` is rewritten with each block that comes. */
const SCHEMA = `
  CREATE TABLE segments (
    segment_id BLOB PRIMARY KEY,
    proof_key BLOB NOT NULL,
    segment_hash BLOB NOT NULL,
    segment_secret BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    blocks BLOB NOT NULL,
    stored_bytes INTEGER NOT NULL,
    serve_until_ms REAL NOT NULL,
    last_used_ms REAL NOT NULL,
    is_pinned INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE block_hash_lists (
    segment_id BLOB PRIMARY KEY,
    block_hash_list BLOB NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the index of a store folder for this process alone and runs `use` on it, which should read
 * what it needs. An index that is damaged or of another version is set aside and a new one begun.
 *
 * @throws {StoreInUseError} when another process has it
 * @throws {StoreUnwritableError} or {@link StoreFullError} when it can't be made
 */
export function openIndexFile<T>(
  path: string,
  { folder, log }: { readonly folder: string; readonly log: Log },
  use: (database: Sqlite) => T,
): T {
  try {
    return attempt(path, use);
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    if (code.startsWith('SQLITE_BUSY')) throw new StoreInUseError(folder, { cause });
    if (!isDamage(code)) throw openError(cause, folder);
    log.warn({ folder, code }, 'store index damaged, beginning a new one');
  }
  try {
    setAside(path);
    return attempt(path, use);
  } catch (cause) {
    throw openError(cause, folder);
  }
}

function attempt<T>(path: string, use: (database: Sqlite) => T): T {
  makePrivate(path);
  const database = new Database(path, { timeout: 0 });
  try {
    // In this order: an exclusive WAL needs no shared memory, and holds the lock from here on.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.transaction(() => prepareSchema(database)).immediate();
    return use(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Makes the file that holds segment secrets so that nobody else can read it; SQLite's other files
 * get the same mode. One that exists is not opened: closing it again would drop the lock that
 * another store in this process may have on it (POSIX locks belong to processes).
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    chmodSync(path, 0o600);
  }
}

function prepareSchema(database: Sqlite): void {
  const version = database.pragma('user_version', { simple: true });
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  if (version === 0 && isEmpty) database.exec(SCHEMA);
  else if (version !== SCHEMA_VERSION) {
    throw new Database.SqliteError(`version ${String(version)}`, 'SQLITE_SCHEMA');
  }
}

/**
 * One damaged index is kept, for whoever wants to know what happened; without it, none is lost.
 * Its log stays behind: SQLite deletes it when it finds the next index empty.
 */
function setAside(path: string): void {
  renameSync(path, `${path}.damaged`);
}

function isDamage(code: string): boolean {
  // SQLITE_ERROR is a table or column that isn't there.
  return /^SQLITE_(SCHEMA|NOTADB|CORRUPT.*|ERROR)$/.test(code);
}

function openError(cause: unknown, folder: string): unknown {
  if (isNoSpace(cause)) return new StoreFullError(folder, 0, { cause });
  return systemCode(cause) === undefined ? cause : new StoreUnwritableError(folder, { cause });
}
