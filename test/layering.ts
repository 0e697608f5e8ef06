import test from 'ava';
import {
  filesLike,
  readManifest,
  readText,
  workspaceDependencies,
  workspacePackages,
} from './helpers/workspace.ts';

/** A package imports only from rows above its own, never sideways. */
const ROWS = [
  ['core'],
  ['protocol', 'dashboard'],
  ['store', 'discovery', 'ownership', 'bandwidth', 'transport'],
  ['server', 'download', 'upload', 'origin'],
  ['jobs'],
  ['agent'],
  ['cli'],
  ['peer-cache'],
  ['test'],
];
const MOST_LINES = 300;
const EXPORT_STATEMENT =
  /export (?:type )?(?:\{[^{}]*\}|\*(?: as \w+)?) from '[^']+';|export type \* from '[^']+';/g;

const packages = workspacePackages();

test('every package has a row in the table of layers', (t) => {
  const homeless = packages.filter(({ manifest }) => rowOf(manifest.name) === -1);
  t.deepEqual(
    homeless.map(({ folder }) => folder),
    [],
  );
});

test('every dependency within the workspace points up the table of layers', (t) => {
  const wrong = packages.flatMap(({ manifest }) =>
    workspaceDependencies(manifest)
      .filter((name) => rowOf(name) >= rowOf(manifest.name))
      .map((name) => `${manifest.name} imports ${name}`),
  );
  t.deepEqual(wrong, []);
});

test('the root depends on no package of the workspace', (t) => {
  // It would resolve for everybody, declared or not.
  const { dependencies = {}, devDependencies = {} } = readManifest('package.json');
  const listed = new Set(Object.keys({ ...dependencies, ...devDependencies }));
  t.deepEqual(
    packages.map(({ manifest }) => manifest.name).filter((name) => listed.has(name)),
    [],
  );
});

test('every package in packages/ has a README that begins with its name', (t) => {
  const silent = packages.filter(({ folder, manifest }) => {
    const [title = ''] = readText(`${folder}/README.md`)?.split('\n') ?? [];
    return folder !== 'test' && title !== `# ${manifest.name}`;
  });
  t.deepEqual(
    silent.map(({ folder }) => folder),
    [],
  );
});

test('an index.ts holds nothing but exports', (t) => {
  const others = filesLike('packages/*/src/index.ts').filter((path) => {
    const text = readText(path) ?? '';
    return withoutComments(text).replaceAll(EXPORT_STATEMENT, '').trim() !== '';
  });
  t.deepEqual(others, []);
});

test(`no source file has more than ${MOST_LINES} lines`, (t) => {
  const sources = filesLike('{packages/*/src,scripts}/**/*.{ts,mjs}');
  t.true(sources.length > 0);
  const long = sources.flatMap((path) => {
    const lines = readText(path)?.split('\n').length ?? 0;
    return lines > MOST_LINES ? [`${path}: ${lines} lines`] : [];
  });
  t.deepEqual(long, []);
});

function rowOf(name: string): number {
  const short = name.replace('@peer-cache/', '');
  return ROWS.findIndex((row) => row.includes(short));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
}
