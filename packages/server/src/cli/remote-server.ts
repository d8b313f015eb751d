import { UserError } from "../lib/user-error.ts";

/** A server, Headwater or PocketBase, and a superuser's token for it. */
export interface RemoteServer {
  readonly base: string;
  readonly token: string;
}

/** Where collections are: in a folder, or on a server with its superuser as `email:password`. */
export type CollectionsPlace =
  { readonly dir: string } | { readonly url: string; readonly superuser: string | undefined };

/** @throws UserError if the server can't be reached or refuses the superuser */
export async function signInAt(url: string, superuser: string | undefined): Promise<RemoteServer> {
  const [, identity, password] = /^([^:]+):(.+)$/s.exec(superuser ?? "") ?? [];
  if (identity === undefined) {
    throw new UserError("Only superusers can read a server's collections. Add --superuser EMAIL:PASSWORD.");
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new UserError(`--url must be an address such as https://example.com, not "${url}".`);
  }
  const base = url.replace(/\/+$/, "");
  const signIn = `${base}/api/collections/_superusers/auth-with-password`;
  const { token } = (await fetchJson(signIn, "POST", { identity, password })) as { readonly token?: unknown };
  return { base, token: String(token) };
}

/** All collections, as the API returns them. */
export async function exportFrom(server: RemoteServer): Promise<readonly unknown[]> {
  const collections: unknown[] = [];
  for (let page = 1; ; page += 1) {
    const path = `/api/collections?page=${page}&perPage=500&skipTotal=1`;
    const { items } = (await send(server, "GET", path)) as { readonly items: readonly unknown[] };
    collections.push(...items);
    if (items.length < 500) return collections;
  }
}

/** @returns the parsed answer; `undefined` if it is empty */
export const send = ({ base, token }: RemoteServer, method: string, path: string, body?: object): Promise<unknown> =>
  fetchJson(base + path, method, body, token);

/**
 * Sends a body as it is read, and returns the answer, whatever its status.
 *
 * @throws UserError if the server can't be reached
 */
export function sendStream(
  { base, token }: RemoteServer,
  method: string,
  path: string,
  chunks?: AsyncGenerator<Uint8Array>,
): Promise<Response> {
  const body =
    chunks &&
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done = false } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    });
  // It may be quiet while the last rows are written.
  const init = { method, headers: { Authorization: token }, timeout: false, ...(body && { body }) };
  return fetch(base + path, init).catch((error: unknown) => {
    if (error instanceof UserError) throw error; // of the chunks
    throw new UserError(`Can't reach ${base}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

async function fetchJson(url: string, method: string, body?: object, token?: string): Promise<unknown> {
  const headers = {
    ...(body && { "Content-Type": "application/json" }),
    ...(token !== undefined && { Authorization: token }),
  };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new UserError(
      `Can't reach ${new URL(url).origin}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const text = await response.text();
  if (!response.ok) throw new UserError(`${url} answered ${response.status}: ${messageOf(text)}`);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

/** The message of an error's body, with those of the failed checks. */
export function messageOf(text: string): string {
  try {
    const { message, data } = JSON.parse(text) as { readonly message?: unknown; readonly data?: unknown };
    return [String(message), ...messagesIn(data)].join(" ");
  } catch {
    return text.slice(0, 200);
  }
}

function messagesIn(data: unknown): readonly string[] {
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) =>
    key === "message" && typeof value === "string" ? [value] : messagesIn(value),
  );
}
