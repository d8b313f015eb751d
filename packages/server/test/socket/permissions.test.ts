import { describe, expect, test } from "bun:test";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

describe("Permission Validation", () => {
  test("Unauthorized subscription attempt", async () => {
    const client = await server.connect();
    for (const pattern of ["inner.*", "inner.abc", "vault.*", "vault.abc", "*"]) {
      expect(await client.refusal(pattern)).toMatchObject({ code: "forbidden", pattern, retry: false });
    }
    expect(await server.showConnection(client)).toMatchObject({ subscriptions: [] });
    expect(client.isOver).toBe(false);
  });

  test("Authorized subscription", async () => {
    const client = await server.connectAsUser();
    await client.subscribe("inner.*");
    await server.superuser.create("inner", { title: "for members" });
    expect(await client.untilEvents(1)).toMatchObject([{ record: { title: "for members" } }]);
  });

  test("Admin wildcard subscription", async () => {
    const [superuser, user] = [await server.connectAsSuperuser(), await server.connectAsUser()];
    expect(await user.refusal("*")).toMatchObject({ code: "forbidden" });
    expect(await superuser.subscribe("*")).toMatchObject({ kind: "all" });
    await server.superuser.create("vault", { title: "for superusers" });
    expect(await superuser.untilEvents(1)).toMatchObject([{ collection: "vault", patterns: ["*"] }]);
  });

  test("the rule is checked for each event", async () => {
    const bob = await server.superuser.createUser("bob");
    const client = await server.connectAsUser();
    await client.subscribe("diaries.*");
    await server.superuser.create("diaries", { title: "bob's", owner: bob.id });
    await server.superuser.create("diaries", { title: "ann's", owner: server.user.id });
    expect((await client.untilEvents(1)).map(({ record }) => record["title"])).toEqual(["ann's"]);
  });

  test("a filter that is invalid or not allowed is refused", async () => {
    const client = await server.connectAsUser();
    for (const filter of ["title ~", "missing = 1", "@request.auth.id != ''", "@collection.vault.id != ''"]) {
      expect(await client.refusal("notes.*", { filter })).toMatchObject({ code: "bad_filter" });
    }
    const superuser = await server.connectAsSuperuser();
    expect(await superuser.refusal("*", { filter: "title = 'x'" })).toMatchObject({ code: "bad_filter" });
  });
});

describe("authentication", () => {
  test.each([
    ["the Authorization header", (token: string) => ({ headers: { authorization: `Bearer ${token}` } })],
    ["the URL", (token: string) => ({ query: `?token=${token}` })],
    ["a subprotocol", (token: string) => ({ headers: { "sec-websocket-protocol": `headwater, token.${token}` } })],
  ])("uses the token in %s", async (_, how) => {
    const client = await server.connect(how(server.user.token));
    expect(client.hello.auth).toEqual({ collection: "users", id: server.user.id });
  });

  test("returns the chosen subprotocol, never the token", async () => {
    const { token } = server.user;
    const protocolOf = async (offered: string) => {
      const client = await server.connect({ headers: { "sec-websocket-protocol": offered } });
      return /^sec-websocket-protocol: (.*)\r?$/im.exec(client.raw.head!)?.[1];
    };
    expect(await protocolOf(`token.${token}, headwater`)).toBe("headwater");
    expect(await protocolOf("chat, superchat")).toBe("chat");
  });

  test("with an invalid token makes the connection a guest's", async () => {
    const client = await server.connect({ headers: { authorization: "nonsense" } });
    expect(client.hello.auth).toBeNull();
    expect(await client.request({ type: "auth", token: "nonsense" })).toMatchObject({
      code: "invalid_token",
      retry: false,
    });
  });

  test("can change while connected; subscriptions use the current user's rights", async () => {
    const client = await server.connect();
    await client.request({ type: "auth", token: server.user.token });
    await client.subscribe("inner.*");
    await server.superuser.create("inner", { title: "as ann" });
    await client.untilEvents(1);
    expect(await client.request({ type: "auth" })).toMatchObject({ type: "authenticated", auth: null });
    await server.superuser.create("inner", { title: "as nobody" });
    await client.request({ type: "auth", token: server.superuser.token });
    await server.superuser.create("inner", { title: "as superuser" });
    expect((await client.untilEvents(2)).map(({ record }) => record["title"])).toEqual(["as ann", "as superuser"]);
  });

  test("applies to messages sent right after an auth message", async () => {
    const client = await server.connect();
    client.send({ type: "auth", token: server.user.token });
    client.send({ type: "subscribe", pattern: "inner.*" });
    client.send({ type: "auth", token: null });
    client.send({ type: "subscribe", pattern: "inner.abc" });
    await client.inbox.until((messages) => messages.length >= 5);
    expect(client.messages.slice(1)).toMatchObject([
      { type: "authenticated", auth: { id: server.user.id } },
      { type: "subscribed", pattern: "inner.*" },
      { type: "authenticated", auth: null },
      { type: "error", code: "forbidden", pattern: "inner.abc" },
    ]);
  });

  test("ends when the password changes, and the connection continues as a guest's", async () => {
    const carl = await server.superuser.createUser("carl");
    const client = await server.connect({ query: `?token=${carl.token}` });
    for (const pattern of ["inner.*", "comments.*"]) await client.subscribe(pattern);
    await server.superuser.update("users", carl.id, { password: "another-one", passwordConfirm: "another-one" });
    await server.superuser.create("inner", { title: "too late" });
    await server.superuser.create("comments", { title: "for all" });
    expect((await client.untilEvents(1)).map(({ collection }) => collection)).toEqual(["comments"]);
    expect(await server.showConnection(client)).toMatchObject({ auth: null });
  });

  test("leaves no token in the log", async () => {
    const client = await server.connect({ query: `?token=${server.user.token}&x=1` });
    client.close();
    await server.untilGone(client);
    expect(await server.process.untilLogged("/realtime/subscribe?token=***&x=1")).not.toContain(server.user.token);
  });
});
