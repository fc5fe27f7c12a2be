// Stands in for a process that hangs: it serves, but ignores every request to end.
import { createServer } from 'node:http';
import { env } from 'node:process';

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {});
createServer((_request, response) => response.end('{}')).listen(Number(env.WORKER_PORT), env.HOST);
