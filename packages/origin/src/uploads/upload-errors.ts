import { PeerCacheError } from '@peer-cache/core';

/** An uploader named a file as no file may be called, or somewhere that is not for uploads. */
export class UploadNameRefusedError extends PeerCacheError {
  readonly code = 'UPLOAD_NAME_REFUSED';
  readonly statusCode = 400;

  constructor(reason: string) {
    super(`the name of the upload is refused: ${reason}`);
  }
}

/** There is a file of that name, and nothing may be replaced. */
export class UploadNameTakenError extends PeerCacheError {
  readonly code = 'UPLOAD_NAME_TAKEN';
  readonly statusCode = 412;

  constructor() {
    super('there is a file of that name already; give the upload another');
  }
}

/** The user has as much under way as anybody may, or the disk is full. */
export class UploadNoRoomError extends PeerCacheError {
  readonly code = 'UPLOAD_NO_ROOM';
  override readonly transient = true;
  readonly statusCode = 507;

  constructor(options?: ErrorOptions) {
    super('there is no room for this upload now; try again later', options);
  }
}

/** There is no such upload. */
export class UploadUnknownError extends PeerCacheError {
  readonly code = 'UPLOAD_UNKNOWN';
  readonly statusCode = 404;

  constructor() {
    super('there is no such upload; begin it anew');
  }
}

/** Nothing came of an upload for so long that it was given up. */
export class UploadExpiredError extends PeerCacheError {
  readonly code = 'UPLOAD_EXPIRED';
  readonly statusCode = 410;

  constructor() {
    super('the upload was idle for too long and is gone; begin it anew');
  }
}

/** What came does not hash to what its sender says. */
export class UploadDigestWrongError extends PeerCacheError {
  readonly code = 'UPLOAD_DIGEST_WRONG';
  readonly statusCode = 422;

  constructor() {
    super('what came is not what was sent; it is dropped, send it again');
  }
}

/** Uploads can't be kept where they were told to. */
export class UploadFolderUnusableError extends PeerCacheError {
  readonly code = 'UPLOAD_FOLDER_UNUSABLE';

  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`${folder} can't take uploads (${reason}); check its path, rights and disk`, options);
  }
}
