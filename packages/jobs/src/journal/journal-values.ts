import type {
  CostPolicy,
  ErrorContext,
  JobError,
  JobPriority,
  JobSettings,
  ProxyUse,
  RedirectPolicy,
  RequestedRange,
  SecretNames,
  UploadProtocol,
  UploadRequest,
} from '@peer-cache/protocol';
import type { LocalFileState, UploadSession } from '@peer-cache/upload';
import type { FileVersion, JobTimers, TemporaryFile } from '../records.ts';
import type { JournalFields } from './journal-fields.ts';

const PRIORITIES: Record<JobPriority, true> = {
  foreground: true,
  high: true,
  normal: true,
  low: true,
};
const COST_POLICIES: Record<CostPolicy, true> = {
  always: true,
  unrestricted: true,
  standard: true,
  'no-surcharge': true,
  'not-roaming': true,
};
const PROXY_USES: Record<ProxyUse['use'], true> = { environment: true, none: true, explicit: true };
const REDIRECTS: Record<RedirectPolicy, true> = { follow: true, 'same-origin': true, refuse: true };
const VERSIONS: Record<FileVersion['kind'], true> = {
  described: true,
  plain: true,
  sent: true,
};
const UPLOAD_PROTOCOLS: Record<UploadProtocol, true> = {
  tus: true,
  ietf: true,
  put: true,
  s3: true,
};
const CHECKSUMS: Record<'sha256' | 'sha1', true> = { sha256: true, sha1: true };
const CONTEXTS: Record<ErrorContext, true> = {
  none: true,
  unknown: true,
  'general-queue-manager': true,
  'queue-manager-notification': true,
  'local-file': true,
  'remote-file': true,
  'general-transport': true,
  'remote-application': true,
};

/**
 * A nested value as text.
 *
 * @throws {RangeError} for a number that would come back as null: such a row could not be read again
 */
export function jsonOf(value: object): string {
  return JSON.stringify(value, (name, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) {
      throw new RangeError(`${name} is ${each} and can't be kept`);
    }
    return each;
  });
}

export function settingsOf(fields: JournalFields): JobSettings {
  const transport = fields.nested('transport');
  const caFile = transport.optional('caFile', text);
  const limit = fields.optional('limit', count);
  const costPolicy = fields.optional('costPolicy', (all, name) => all.oneOf(name, COST_POLICIES));
  return {
    name: fields.text('name'),
    description: fields.text('description'),
    priority: fields.oneOf('priority', PRIORITIES),
    minimumRetryDelaySeconds: fields.amount('minimumRetryDelaySeconds'),
    noProgressTimeoutSeconds: fields.amount('noProgressTimeoutSeconds'),
    maximumDownloadSeconds: fields.amount('maximumDownloadSeconds'),
    autoComplete: fields.truth('autoComplete'),
    overwrite: fields.truth('overwrite'),
    sharing: fields.truth('sharing'),
    notify: fields.textList('notify'),
    transport: {
      proxy: proxyOf(transport.nested('proxy')),
      redirects: transport.oneOf('redirects', REDIRECTS),
      allowHttp: transport.truth('allowHttp'),
      ...(caFile !== undefined && { caFile }),
    },
    ...(limit !== undefined && { limit }),
    ...(costPolicy !== undefined && { costPolicy }),
  };
}

function proxyOf(fields: JournalFields): ProxyUse {
  const use = fields.oneOf('use', PROXY_USES);
  if (use !== 'explicit') return { use };
  return { use, url: fields.text('url'), bypass: fields.textList('bypass') };
}

export function secretNamesOf(fields: JournalFields): SecretNames {
  return {
    headers: fields.textList('headers'),
    origin: fields.truth('origin'),
    proxy: fields.truth('proxy'),
    clientCertificate: fields.truth('clientCertificate'),
  };
}

export function timersOf(fields: JournalFields): JobTimers {
  return {
    activeMs: fields.amount('activeMs'),
    noProgressMs: fields.optional('noProgressMs', amount),
    inactiveMs: fields.amount('inactiveMs'),
    retryInMs: fields.optional('retryInMs', amount),
  };
}

export function errorOf(fields: JournalFields): JobError {
  const fileIndex = fields.optional('fileIndex', count);
  const url = fields.optional('url', text);
  return {
    code: fields.text('code'),
    message: fields.text('message'),
    transient: fields.truth('transient'),
    context: fields.oneOf('context', CONTEXTS),
    atMs: fields.amount('atMs'),
    ...(fileIndex !== undefined && { fileIndex }),
    ...(url !== undefined && { url }),
  };
}

export function rangesOf(row: JournalFields, name: string): RequestedRange[] {
  return row.jsonList(name).map((range) => {
    const endByte = range.optional('endByte', count);
    return { startByte: range.count('startByte'), ...(endByte !== undefined && { endByte }) };
  });
}

export function versionOf(row: JournalFields, name: string): FileVersion {
  const fields = row.json(name);
  const kind = fields.oneOf('kind', VERSIONS);
  if (kind === 'described') {
    return { kind, digest: fields.text('digest'), sizeBytes: fields.count('sizeBytes') };
  }
  if (kind === 'sent') {
    return {
      kind,
      local: localOf(fields.nested('local')),
      session: sessionOf(fields.nested('session')),
    };
  }
  return {
    kind,
    url: fields.text('url'),
    validator: fields.optional('validator', text),
    sizeBytes: fields.optional('sizeBytes', count),
  };
}

function localOf(fields: JournalFields): LocalFileState {
  return {
    sizeBytes: fields.count('sizeBytes'),
    modifiedNs: fields.text('modifiedNs'),
    inode: fields.text('inode'),
  };
}

function sessionOf(fields: JournalFields): UploadSession {
  return {
    protocol: fields.oneOf('protocol', UPLOAD_PROTOCOLS),
    url: fields.optional('url', text),
    checksum: fields.optional('checksum', (all, name) => all.oneOf(name, CHECKSUMS)),
    parts: fields.optional('parts', (all, name) =>
      all.list(name).map((part) => ({ index: part.count('index'), etag: part.text('etag') })),
    ),
    isCompleting: fields.optional('isCompleting', (all, name) => all.truth(name)),
  };
}

export function uploadOf(row: JournalFields, column: string): UploadRequest {
  const fields = row.json(column);
  const name = fields.optional('name', text);
  const protocol = fields.optional('protocol', (all, field) => all.oneOf(field, UPLOAD_PROTOCOLS));
  const replyPath = fields.optional('replyPath', text);
  const s3 = fields.optional('s3', (all, field) => {
    const plan = all.nested(field);
    return {
      partBytes: plan.count('partBytes'),
      partUrls: plan.textList('partUrls'),
      completeUrl: plan.text('completeUrl'),
    };
  });
  return {
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
    ...(replyPath !== undefined && { replyPath }),
    ...(s3 && { s3 }),
  };
}

export function temporaryOf(row: JournalFields, name: string): TemporaryFile {
  const fields = row.json(name);
  const path = fields.text('path');
  return { path, device: fields.count('device'), inode: fields.count('inode') };
}

export function text(fields: JournalFields, name: string): string {
  return fields.text(name);
}

export function count(fields: JournalFields, name: string): number {
  return fields.count(name);
}

export function amount(fields: JournalFields, name: string): number {
  return fields.amount(name);
}
