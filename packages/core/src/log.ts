type LogMethod = (facts: object, message: string) => void;

/** The log that every part is handed; a pino child satisfies it. Messages are fixed, facts vary. */
export interface Log {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

/** Says nothing: for libraries whose user wants no log. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}
