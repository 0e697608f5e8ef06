import type { Database as Sqlite, Statement } from 'better-sqlite3';

type JournalStatement = Statement<[object?]>;

/** What is asked of a journal's database, prepared once. Rows are as {@link rowOfJob} and its like have them. */
export interface JournalStatements {
  readonly jobs: JournalStatement;
  readonly files: JournalStatement;
  readonly insertJob: JournalStatement;
  readonly insertFile: JournalStatement;
  readonly saveJob: JournalStatement;
  readonly saveFile: JournalStatement;
  readonly removeJob: JournalStatement;
  readonly keptSegments: JournalStatement;
  readonly keep: JournalStatement;
  readonly forgetKept: JournalStatement;
  readonly noteError: JournalStatement;
  readonly forgetErrors: JournalStatement;
  readonly errors: JournalStatement;
  readonly clock: JournalStatement;
  readonly saveClock: JournalStatement;
}

const JOB_KEYS = ['id', 'number'];
const JOB_COLUMNS = [
  'kind',
  'state',
  'settings',
  'secrets',
  'file_count',
  'created_ms',
  'modified_ms',
  'transferred_ms',
  'error',
  'error_count',
  'bytes',
  'timers',
  'is_completing',
];
const FILE_KEYS = ['job_id', 'file_index'];
const FILE_COLUMNS = [
  'state',
  'url',
  'path',
  'mirrors',
  'ranges',
  'digest',
  'size_bytes',
  'done_bytes',
  'error',
  'response_headers',
  'version',
  'temporary',
  'upload',
];

/** Fails where a table or a column is not there. */
export function prepareStatements(database: Sqlite): JournalStatements {
  const sql = (text: string): JournalStatement => database.prepare(text);
  return {
    jobs: sql('SELECT * FROM jobs ORDER BY number'),
    files: sql('SELECT * FROM files WHERE job_id = @jobId ORDER BY file_index'),
    insertJob: sql(insertInto('jobs', [...JOB_KEYS, ...JOB_COLUMNS])),
    insertFile: sql(insertInto('files', [...FILE_KEYS, ...FILE_COLUMNS])),
    saveJob: sql(`UPDATE jobs SET ${assignments(JOB_COLUMNS)} WHERE id = @id`),
    saveFile: sql(
      `UPDATE files SET ${assignments(FILE_COLUMNS)}
        WHERE job_id = @job_id AND file_index = @file_index`,
    ),
    removeJob: sql('DELETE FROM jobs WHERE id = @jobId'),
    keptSegments: sql(
      `SELECT * FROM kept_segments WHERE job_id = @jobId AND file_index = @fileIndex
        ORDER BY segment_index`,
    ),
    keep: sql(
      `INSERT OR REPLACE INTO kept_segments
        SELECT job_id, file_index, @segmentIndex, @blocks, @blockHashes FROM files
        WHERE job_id = @jobId AND file_index = @fileIndex`,
    ),
    forgetKept: sql('DELETE FROM kept_segments WHERE job_id = @jobId AND file_index = @fileIndex'),
    noteError: sql(
      'INSERT INTO errors (job_id, error) SELECT id, @error FROM jobs WHERE id = @jobId',
    ),
    forgetErrors: sql(
      `DELETE FROM errors WHERE job_id = @jobId AND number <= (
        SELECT number FROM errors WHERE job_id = @jobId
        ORDER BY number DESC LIMIT 1 OFFSET @most)`,
    ),
    errors: sql('SELECT error FROM errors WHERE job_id = @jobId ORDER BY number DESC LIMIT @most'),
    clock: sql('SELECT saved_ms FROM clock'),
    saveClock: sql('INSERT OR REPLACE INTO clock VALUES (1, @savedMs)'),
  };
}

function insertInto(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (@${columns.join(', @')})`;
}

function assignments(columns: readonly string[]): string {
  return columns.map((column) => `${column} = @${column}`).join(', ');
}
