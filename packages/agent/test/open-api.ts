import test from 'ava';
import type { ExecutionContext } from 'ava';
import { controlCall } from './helpers/control-call.ts';
import { serveControl } from './helpers/controlled-agent.ts';

type Fields = Readonly<Record<string, unknown>>;

const ROUTES = [
  'get /v1/status',
  'get /v1/peers',
  'post /v1/get',
  'post /v1/stream',
  'get /v1/jobs',
  'post /v1/jobs',
  'get /v1/jobs/{job}',
  'patch /v1/jobs/{job}',
  'delete /v1/jobs/{job}',
  'post /v1/jobs/{job}/files',
  'post /v1/jobs/{job}/suspend',
  'post /v1/jobs/{job}/resume',
  'post /v1/jobs/{job}/complete',
  'post /v1/jobs/{job}/cancel',
  'post /v1/jobs/{job}/retarget',
  'get /v1/jobs/{job}/reply',
  'get /v1/jobs/{job}/why',
  'get /v1/events',
  'get /v1/cache',
  'post /v1/cache/clear',
  'post /v1/cache/pin',
  'post /v1/cache/verify',
  'get /v1/log',
  'get /v1/openapi.json',
];

async function documentOf(t: ExecutionContext): Promise<Fields> {
  const { status, headers, text } = await controlCall(await serveControl(t), '/v1/openapi.json');
  t.is(status, 200);
  t.regex(headers['content-type'] ?? '', /^application\/json/);
  return fieldsOf(JSON.parse(text));
}

/** Every operation by its method and path. */
function operationsOf(document: Fields): [string, Fields][] {
  return Object.entries(fieldsOf(document['paths'])).flatMap(([path, methods]) =>
    Object.entries(fieldsOf(methods)).map(([method, operation]): [string, Fields] => [
      `${method} ${path}`,
      fieldsOf(operation),
    ]),
  );
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

test('the description is OpenAPI 3.1 and has every route', async (t) => {
  const document = await documentOf(t);
  t.regex(String(document['openapi']), /^3\.1\.\d+$/);
  t.like(document['info'], { title: 'peer-cache control API' });
  const routes = operationsOf(document).map(([route]) => route);
  t.deepEqual(routes.toSorted(), ROUTES.toSorted());
});

test('every operation has an ID of its own, a summary, an answer and errors', async (t) => {
  const operations = operationsOf(await documentOf(t));
  const ids = operations.map(([, { operationId }]) => String(operationId));
  t.is(new Set(ids).size, ROUTES.length);
  for (const [route, { summary, responses }] of operations) {
    t.regex(String(summary), /^[A-Z].*\.$/, route);
    const { '4XX': refusal, '5XX': fault, ...good } = fieldsOf(responses);
    t.is(Object.keys(good).join(), route === 'post /v1/jobs' ? '201' : '200', route);
    for (const answer of [refusal, fault, ...Object.values(good)]) {
      const { description, content } = fieldsOf(answer);
      t.true(typeof description === 'string' && description !== '', route);
      const [media] = Object.values(fieldsOf(content));
      t.true(Object.keys(fieldsOf(fieldsOf(media)['schema'])).length > 0, route);
    }
    const failure = fieldsOf(fieldsOf(fieldsOf(fieldsOf(refusal)['content'])['application/json']));
    t.like(
      failure['schema'],
      { type: 'object', required: ['code', 'message', 'transient'] },
      route,
    );
  }
});

test('every parameter of a path is described, and required', async (t) => {
  for (const [route, { parameters }] of operationsOf(await documentOf(t))) {
    const described = Array.isArray(parameters) ? parameters.map((each) => fieldsOf(each)) : [];
    const inPath = described.filter((each) => each['in'] === 'path');
    const named = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    t.deepEqual(
      inPath.map(({ name, required }) => ({ name, required })),
      named.map((name) => ({ name, required: true })),
    );
  }
});

test('bodies and media types are as they are on the wire', async (t) => {
  const operations = new Map(operationsOf(await documentOf(t)));
  const create = fieldsOf(operations.get('post /v1/jobs')?.['requestBody']);
  const json = fieldsOf(fieldsOf(create['content'])['application/json']);
  t.like(json['schema'], { type: 'object', required: ['name'], additionalProperties: false });
  const mediaOf = (route: string): string[] => {
    const { '200': good } = fieldsOf(operations.get(route)?.['responses']);
    return Object.keys(fieldsOf(fieldsOf(good)['content']));
  };
  t.deepEqual(mediaOf('get /v1/events'), ['text/event-stream']);
  t.deepEqual(mediaOf('get /v1/log'), ['application/x-ndjson']);
  t.deepEqual(mediaOf('post /v1/stream'), ['application/vnd.peer-cache.stream']);
  t.deepEqual(mediaOf('get /v1/jobs'), ['application/json']);
});
