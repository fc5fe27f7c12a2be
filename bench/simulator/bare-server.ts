/** The baseline's process: a Fastify application with one route that answers a small JSON text by its schema. */
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
process.once('SIGTERM', () => void application.close());
process.stdout.write(`${await application.listen({ host: '127.0.0.1', port: 0 })}\n`);
