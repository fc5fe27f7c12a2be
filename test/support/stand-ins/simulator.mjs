// Stands in for the simulator: the routes that the stack calls when it starts, kept in a state file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    seed: { type: 'string' },
    state: { type: 'string' },
    retries: { type: 'string' },
  },
});
const state =
  values.state && existsSync(values.state)
    ? JSON.parse(readFileSync(values.state, 'utf8'))
    : { endpoints: [], realtime: {} };
const save = () => values.state && writeFileSync(values.state, JSON.stringify(state));
save();

function endpoints(method, id, form) {
  if (method === 'GET') return { object: 'list', data: state.endpoints, has_more: false };
  if (id !== undefined) {
    const found = state.endpoints.find((endpoint) => endpoint.id === id);
    found.url = form.get('url');
    return found;
  }
  const number = state.endpoints.length + 1;
  const made = {
    id: `we_${number}`,
    object: 'webhook_endpoint',
    url: form.get('url'),
    connect: form.get('connect') === 'true',
    secret: `whsec_endpoint${number}`,
  };
  state.endpoints.push(made);
  return made;
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const [, area, kind, id] = request.url.split('?')[0].split('/');
  let answer = {};
  if (area === 'v1') answer = endpoints(request.method, id, new URLSearchParams(body));
  if (kind === 'accounts') state.realtime[id] = JSON.parse(body);
  if (kind === 'state') answer = { ...state, seed: values.seed };
  save();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
}).listen(Number(values.port), values.host);
process.once('SIGTERM', () => process.exit(0));
