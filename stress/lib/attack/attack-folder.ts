import { Database } from "bun:sqlite";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { copySeedFolder, dataFolderIn, type SeedFolder } from "../seed-folder.ts";

/** Rows of a folder: posts of one author, a heap of long titles, and replies to one post. */
export interface Rows {
  readonly posts?: number;
  readonly heap?: number;
  readonly replies?: number;
}

/** Ids of what the attacks need. */
export const AUTHOR = "theonlyauthor00";
export const POPULAR = "postwithreplies";
export const NOTE = "bystandersnote0";

const made = new Map<string, Promise<TempDir>>();

/** Copies a data folder with the collections that attacks need to `path`. It is made once for each combination of rows. */
export async function copyAttackFolder(seedFolder: SeedFolder, rows: Rows, path: string): Promise<void> {
  const folder = await made.getOrInsertComputed(JSON.stringify(rows), () => makeFolder(seedFolder, rows));
  cpSync(dataFolderIn(folder.path), dataFolderIn(path), { recursive: true });
}

const ANYONE = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
const FILES = { name: "files", type: "file", maxSelect: 99, maxSize: 5_000_000 };

async function makeFolder(seedFolder: SeedFolder, rows: Rows): Promise<TempDir> {
  const folder = tempDir();
  copySeedFolder(seedFolder, folder.path);
  const dir = dataFolderIn(folder.path);
  const server = await startServer({ dir, root: seedFolder.root });
  const admin = seedFolder.admin.at(server.url);
  const title = { name: "title", type: "text", max: 100_000 };
  const authors = await admin.createCollection({ name: "authors", type: "base", fields: [title], ...ANYONE });
  const author = { name: "author", type: "relation", collectionId: authors.id, maxSelect: 1 };
  const posts = await admin.createCollection({ name: "posts", type: "base", fields: [title, author], ...ANYONE });
  const post = { name: "post", type: "relation", collectionId: posts.id, maxSelect: 1, cascadeDelete: true };
  await admin.createCollection({ name: "replies", type: "base", fields: [post], ...ANYONE });
  await admin.createCollection({ name: "heap", type: "base", fields: [title], ...ANYONE });
  const editor = { name: "text", type: "editor", maxSize: 5_000_000 };
  await admin.createCollection({ name: "essays", type: "base", fields: [title, editor], ...ANYONE });
  await admin.createCollection({ name: "uploads", type: "base", fields: [title, FILES], ...ANYONE });
  await admin.createCollection({ name: "sealed", type: "base", fields: [title, FILES], ...ANYONE, createRule: null });
  await admin.create("authors", { id: AUTHOR, title: "the only author" });
  await admin.create("notes", { id: NOTE, title: "read again and again" });
  await server.stop();
  await server[Symbol.asyncDispose]();
  addRows(dir, rows);
  return folder;
}

/** Adds many rows at once, which would take minutes over the API. */
function addRows(dir: string, { posts = 0, heap = 0, replies = 0 }: Rows): void {
  using db = new Database(join(dir, "data.db"));
  const numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)";
  const id = "'row' || printf('%012d', n)";
  if (posts > 0) {
    db.run(`${numbers} INSERT INTO posts (id, title, author) SELECT ${id}, 'post ' || n, ? FROM numbers`, [
      posts,
      AUTHOR,
    ]);
  }
  if (replies > 0) {
    db.run("INSERT INTO posts (id, title) VALUES (?, 'a post with replies')", [POPULAR]);
    db.run(`${numbers} INSERT INTO replies (id, post) SELECT ${id}, ? FROM numbers`, [replies, POPULAR]);
  }
  if (heap > 0) {
    const words = "hex(n * 7919) || ' ' || hex(n * 104729) || ' the quick brown fox jumps over ' || n";
    db.run(`${numbers} INSERT INTO heap (id, title) SELECT ${id}, ${words} FROM numbers`, [heap]);
  }
}
