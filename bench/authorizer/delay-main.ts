/**
 * A proxy before Postgres that passes on what a client sends some time later, so that each call takes at least that
 * long; answers come back at once.
 *
 * Arguments: the port to listen on, Postgres' port, the delay in milliseconds.
 */
import net from 'node:net';

const [port = '0', postgresPort = '0', delayMs = '0'] = process.argv.slice(2);

const server = net.createServer({ noDelay: true }, (client) => {
  const postgres = net.connect({ host: '127.0.0.1', port: Number(postgresPort), noDelay: true });
  client.on('data', (chunk) => {
    setTimeout(() => void (postgres.writable && postgres.write(chunk)), Number(delayMs));
  });
  postgres.pipe(client);
  for (const [one, other] of [
    [client, postgres],
    [postgres, client],
  ] as const) {
    // The close that follows an error ends both.
    one.on('error', () => {});
    one.on('close', () => other.destroy());
  }
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
