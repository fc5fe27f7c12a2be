// Stands in for one of our processes: ready at once, and it shows the environment it was given.
import { createServer } from 'node:http';
import { env } from 'node:process';

const name = ['INGRESS_PORT', 'RELAY_PORT', 'AUTHORIZER_PORT', 'WORKER_PORT'].find(
  (key) => env[key],
);
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(request.url === '/environment' ? JSON.stringify(env) : '{}');
});
server.listen(Number(env[name]), env.HOST);
process.once('SIGTERM', () => process.exit(0));
