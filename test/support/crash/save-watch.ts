/** Tells a test of every save of a card, at once: a trigger of the test's own notifies of each. */
import { createSql } from '../../../src/adapters/postgres/pool.ts';

export interface SaveWatch {
  onSave: () => void;
  close(): Promise<void>;
}

export async function watchSaves(ownerUrl: string): Promise<SaveWatch> {
  const sql = createSql({ url: ownerUrl, poolSize: 1, name: 'test-saves' });
  await sql.unsafe(`
    create or replace function tell_save() returns trigger language plpgsql as
      $$ begin perform pg_notify('test_saves', new.card_id); return null; end $$;
    create or replace trigger cards_tell_save after update of state on cards
      for each row execute function tell_save();`);
  const watch: SaveWatch = { onSave: () => {}, close: () => sql.end() };
  await sql.listen('test_saves', () => watch.onSave());
  return watch;
}
