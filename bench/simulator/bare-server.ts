/** The baseline's process: a Fastify application with a route that answers a small JSON text by its schema, and one for the JSON of an authorization. */
import fastify from 'fastify';

const text = { type: 'string' };
const application = fastify();
application.get(
  '/card',
  {
    schema: {
      response: {
        200: {
          type: 'object',
          properties: {
            id: text,
            object: text,
            status: text,
            last4: text,
            exp_year: { type: 'integer' },
          },
        },
      },
    },
  },
  () => ({ id: 'ic_1', object: 'issuing.card', status: 'active', last4: '4242', exp_year: 2030 }),
);
// The first argument is a list with an authorization in it, as the simulator answers it.
const { data }: { data: readonly object[] } = JSON.parse(process.argv[2] ?? '{"data":[]}');
application.get('/authorization', () => data[0] ?? {});
process.once('SIGTERM', () => void application.close());
process.stdout.write(`${await application.listen({ host: '127.0.0.1', port: 0 })}\n`);
