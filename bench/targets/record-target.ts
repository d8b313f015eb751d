import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerOptions, startServer } from "@headwater/testing/servers/server-process.ts";
import { addAccounts } from "../load/accounts.ts";
import type { Transport } from "../load/subscription.ts";
import { COLLECTION, type Rule, createCollections } from "./rules.ts";
import type { Target } from "./target.ts";

/** A record server with a collection under a rule, and an account for each subscriber if the rule reads the requester. */
export interface RecordTarget extends Target {
  readonly url: string;
}

/** Headwater first, then the peers that are installed. */
export const recordServerKinds = (): readonly ServerKind[] =>
  hasPocketBase ? ["headwater", "pocketbase"] : ["headwater"];

export async function startRecordTarget(
  kind: ServerKind,
  rule: Rule,
  subscribers: number,
  transport: Transport = "sse",
  options: ServerOptions = {},
): Promise<RecordTarget> {
  const server = await startServer({ ...options, kind });
  try {
    const admin = await SuperuserClient.signIn(server.url);
    const accounts = rule === "public" ? [] : await addAccounts(admin, server.dir, subscribers);
    const { groups, note } = await createCollections(admin, rule, accounts);
    return {
      name: transport === "ws" ? `${kind} ws` : kind,
      pid: server.pid,
      url: server.url,
      groups,
      subscription: {
        transport,
        url: transport === "ws" ? `${server.url}/realtime/subscribe` : `${server.url}/api/realtime`,
        topic: transport === "ws" ? `${COLLECTION}.*` : `${COLLECTION}/*`,
        tokens: accounts.map(({ token }) => token),
      },
      publishUrl: `${server.url}/api/collections/${COLLECTION}/records`,
      body: (event, title) => ({ title, count: 1, ...note(event % groups) }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Start functions for Headwater and the installed servers with the same API. */
export const recordTargets = (rule: Rule, subscribers: number): readonly (() => Promise<RecordTarget>)[] =>
  recordServerKinds().map((kind) => () => startRecordTarget(kind, rule, subscribers));
