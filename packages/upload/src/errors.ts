import { PeerCacheError } from '@peer-cache/core';

/** The file is another than when its upload began (BG_E_LOCAL_FILE_CHANGED). */
export class LocalFileChangedError extends PeerCacheError {
  readonly code = 'LOCAL_FILE_CHANGED';

  constructor(path: string) {
    super(`${path} changed while it was uploaded; resume the job to send it as it is now`);
  }
}

/** The file that is to be sent can't be opened or read. */
export class LocalFileUnreadableError extends PeerCacheError {
  readonly code = 'LOCAL_FILE_UNREADABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} can't be read (${reason}); check its path and permissions`, options);
  }
}

/** The server takes no file of that size, or has not the room that it grants its users. */
export class UploadTooLargeError extends PeerCacheError {
  readonly code = 'UPLOAD_TOO_LARGE';

  constructor(url: string, sizeBytes: number, mostBytes?: number) {
    const most = mostBytes === undefined ? 'so much' : `more than ${mostBytes} bytes`;
    super(`${url} does not take ${most} (${sizeBytes} bytes); ask whoever runs it for more room`);
  }
}

/** There is a file of that name at the server already. */
export class UploadExistsError extends PeerCacheError {
  readonly code = 'UPLOAD_EXISTS';

  constructor(url: string) {
    super(`${url} has a file of that name already; give the file another name there`);
  }
}

/** What the server has is not what was sent. */
export class UploadDamagedError extends PeerCacheError {
  readonly code = 'UPLOAD_DAMAGED';
  override readonly transient = true;

  constructor(url: string, reason: string) {
    super(`${url} got other bytes than were sent (${reason}); it is sent again`);
  }
}

/** The server can't be uploaded to in any way that we know. */
export class UploadUnsupportedError extends PeerCacheError {
  readonly code = 'UPLOAD_UNSUPPORTED';

  constructor(url: string, status: number) {
    super(`${url} takes no uploads (HTTP ${status}); check the URL`);
  }
}

/** The server forgot the upload again and again. */
export class UploadForgottenError extends PeerCacheError {
  readonly code = 'UPLOAD_FORGOTTEN';
  override readonly transient = true;

  constructor(url: string) {
    super(`${url} forgets the upload again and again; it is begun anew later`);
  }
}

/** The reply to an upload is said to be somewhere that the server has nothing to say about. */
export class ReplyRefusedError extends PeerCacheError {
  readonly code = 'REPLY_REFUSED';

  constructor(url: string, replyUrl: string) {
    super(`${url} names a reply at another origin (${replyUrl}), which is not followed`);
  }
}
