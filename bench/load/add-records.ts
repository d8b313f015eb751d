import { Database } from "bun:sqlite";
import { join } from "node:path";

/** Inserts records directly into a running server's database: 200,000 over its API would take too long. */
export function addDiaries(dir: string, owner: string, count: number): void {
  using database = new Database(join(dir, "data.db"));
  database.run("PRAGMA busy_timeout = 10000");
  database.run(
    `INSERT INTO diaries (id, title, owner)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     SELECT lower(substr(hex(randomblob(8)), 1, 15)), 'what happened on day ' || i, ? FROM n`,
    [count, owner],
  );
}
