/** An error on its way to another process; also the body of every answer but 2xx. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly transient: boolean;
}
