import manifest from '../package.json' with { type: 'json' };

/** Of the whole product: all packages have one version. */
export const VERSION: string = manifest.version;
