import { Replicache, type ReplicacheOptions, type WriteTransaction } from "replicache";

export interface Todo {
  readonly id: string;
  readonly text: string;
  readonly done: boolean;
  readonly author: string;
  readonly created: string;
}

export interface Account {
  readonly id: string;
  readonly token: string;
}

interface Write {
  readonly collection: "todos";
  readonly id: string;
  readonly data: Partial<Omit<Todo, "id">>;
}

const keyOf = ({ collection, id }: Pick<Write, "collection" | "id">): string => `${collection}/${id}`;

/** Optimistic changes, shown at once. The server applies its own mutators and rules, and its result wins. */
const mutators = {
  create: (tx: WriteTransaction, write: Write) => tx.set(keyOf(write), { id: write.id, ...write.data }),
  async update(tx: WriteTransaction, write: Write) {
    const before = (await tx.get(keyOf(write))) as Todo | undefined;
    if (before) await tx.set(keyOf(write), { ...before, ...write.data });
  },
  async delete(tx: WriteTransaction, target: Pick<Write, "collection" | "id">) {
    await tx.del(keyOf(target));
  },
  async sweep(tx: WriteTransaction, { author }: { readonly author: string }) {
    for (const todo of await todosIn(tx)) if (todo.done && todo.author === author) await tx.del(`todos/${todo.id}`);
  },
};

type Reading = Pick<WriteTransaction, "scan">;

export async function todosIn(tx: Reading): Promise<readonly Todo[]> {
  const todos = (await tx.scan({ prefix: "todos/" }).values().toArray()) as unknown as readonly Todo[];
  return todos.toSorted((a, b) => a.created.localeCompare(b.created) || a.id.localeCompare(b.id));
}

export type Store = Replicache<typeof mutators>;

/** The store of one user in this browser. Each user has a separate store, so that no change is sent as another user. */
export const openStore = (
  url: string,
  { id, token }: Account,
  options: Partial<ReplicacheOptions<typeof mutators>> = {},
): Store =>
  new Replicache({
    name: id,
    auth: `Bearer ${token}`,
    pushURL: `${url}/api/v1/replicache/push`,
    pullURL: `${url}/api/v1/replicache/pull`,
    mutators,
    ...options,
  });

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A record id like the server's: 15 characters. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(15)), (byte) => LETTERS[byte % LETTERS.length]).join("");

/** Signs in, or signs up if the account doesn't exist. */
export async function signIn(url: string, name: string, password: string): Promise<Account> {
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${url}/api/collections/people/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const identity = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}@example.com`;
  let response = await post("auth-with-password", { identity, password });
  if (!response.ok) {
    await post("records", { name, email: identity, password, passwordConfirm: password });
    response = await post("auth-with-password", { identity, password });
  }
  if (!response.ok) throw new Error("Wrong password.");
  const { token, record } = (await response.json()) as { token: string; record: { id: string } };
  return { id: record.id, token };
}
