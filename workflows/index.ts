/** Entry of the workflow bundle: everything exported here is a workflow type. */
export { cardLifecycle } from './card-lifecycle.ts';
export { catchUpTenant, checkTenant } from './upkeep.ts';
