export { ContentFile } from './content-file.ts';
export { contentInformation } from './content-information-plugin.ts';
export type { ContentInformationOptions } from './content-information-plugin.ts';
export type { ContentTraffic, SentCount } from './content-traffic.ts';
export {
  ContentBeingHashedError,
  ContentChangedError,
  ContentUnreadableError,
  FolderNotFoundError,
  NoContentInformationError,
  OriginAddressUnavailableError,
  ServerSecretUnsafeError,
  SidecarNameTakenError,
  SidecarUnwritableError,
  StateFolderUnusableError,
} from './errors.ts';
export { FileHasher } from './hash-file.ts';
export { nginxEtag } from './publish-file.ts';
export type { EtagFacts } from './publish-file.ts';
export { publishFolder } from './publish-folder.ts';
export type { PublishEvent, PublishOptions } from './publish-folder.ts';
export type { SendContentOptions } from './send-content.ts';
export {
  UploadDigestWrongError,
  UploadFolderUnusableError,
  UploadNameRefusedError,
  UploadNameTakenError,
  UploadNoRoomError,
} from './uploads/upload-errors.ts';
export type { UploadApplication } from './uploads/upload-notice.ts';
export { uploads } from './uploads/uploads-plugin.ts';
export type { UploadsOptions } from './uploads/uploads-plugin.ts';
export { openServerSecret } from './server-secret.ts';
export { sidecarOf } from './sidecar-name.ts';
export { startOrigin } from './start-origin.ts';
export type { OriginOptions, RunningOrigin } from './start-origin.ts';
