export { discard } from './discard.ts';
export * from './errors.ts';
export {
  contentCoding,
  contentInformationLink,
  contentLength,
  contentRange,
  field,
  strongValidator,
} from './http-fields.ts';
export type { HeaderFields } from './http-fields.ts';
export { OriginHttp, httpUrl } from './origin-http.ts';
export type { OriginRequest, OriginResponse, OriginSending } from './origin-request.ts';
export { errorOfStatus } from './origin-status.ts';
export type { ProxyEnvironment } from './proxy-choice.ts';
export { ReadPace, readsOn } from './read-pace.ts';
export { shownFields } from './shown-fields.ts';
export { shownUrl } from './shown-url.ts';
export { checkClientCertificate } from './transport-tls.ts';
