// Stands in for a process that cannot start: it says why and ends.
process.stderr.write('worker: STRIPE_SECRET_KEY is not set\n');
process.exitCode = 1;
