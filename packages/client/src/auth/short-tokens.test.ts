import { expect, setDefaultTimeout, test } from "bun:test";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { PRIVATE_NOTES } from "@headwater/testing/servers/collections.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { Client, memoryStore, type SubscriptionEvent, type TransportKind } from "../index.ts";
import type { AuthChange } from "./auth.ts";

setDefaultTimeout(60_000);

test("a subscription outlives tokens of ten seconds, and misses nothing", async () => {
  await using server = await startServer();
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PRIVATE_NOTES);
  const ann = await admin.createUser("ann");
  await admin.updateCollection("users", { authToken: { duration: 10 } });
  const follow = async (transport: TransportKind): Promise<void> => {
    const client = new Client(server.url, { store: memoryStore(), transport });
    await client.authenticate("ann@example.com", "1234567890");
    const diaries = client.collection("diaries").subscribe();
    const events = new Inbox<SubscriptionEvent>();
    diaries.forEach((event) => events.push(event));
    await diaries.ready;
    const changes = new Inbox<AuthChange["kind"]>();
    client.auth.onChange(({ kind }) => changes.push(kind));
    // After three refreshes the first token has expired.
    for (let refreshes = 1; refreshes <= 3; refreshes += 1) {
      await changes.until((kinds) => kinds.length >= refreshes);
      await admin.create("diaries", { title: transport, owner: ann.id });
    }
    const own = (): readonly SubscriptionEvent[] =>
      events.items.filter((event) => event.action !== "create" || event.record["title"] === transport);
    await events.until(() => own().length >= 3);
    expect(changes.items).toEqual(["refreshed", "refreshed", "refreshed"]);
    expect(own().map(({ action }) => action)).toEqual(["create", "create", "create"]);
    client.close();
  };
  await Promise.all([follow("sse"), follow("websocket")]);
});
