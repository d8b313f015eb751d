import { isHeadwaterError, type RecordModel } from "@headwater/client";
import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { eventually, pause } from "../../core/deadline.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, said } from "./document.ts";
import type { SignedIn } from "./rest.ts";
import { Subscriber } from "./subscriber.ts";
import { PASSWORD, type PocketBaseWorld } from "./world.ts";

const group = GROUP.auth;

/** Events that should not come would have come with the one that was waited for, or soon after it. */
const SETTLE_MS = 100;

export const authCases: readonly Case<PocketBaseWorld>[] = [
  {
    group,
    name: "Public collection access",
    standard: said("Public collection access"),
    async run({ root, names, client }, scope) {
      const subscription = client(scope).realtime().subscribeToCollection(names.open);
      await subscription.ready;
      const made = await root.create(names.open, { title: "for everyone" });
      const heard = new Inbox<string>();
      subscription.forEach((event) => event.action === "create" && heard.push(event.record.id));
      await heard.until(
        (ids) => ids.includes(made.id),
        scope.patienceMs,
        "an event of a collection that anyone may list",
      );
    },
  },
  {
    group,
    name: "Protected collection security",
    standard: said("Protected collection security"),
    async run({ root, guest, names, client }, scope) {
      const topics = [`${names.secret}/*`, `${names.members}/*`, `${names.open}/*`];
      const stranger = await Subscriber.open(scope, guest, topics, { label: "guest" });
      const superuser = await Subscriber.open(scope, root, topics, { label: "superuser" });
      const secret = await root.create(names.secret, { title: "secret" });
      await root.create(names.members, { title: "for members" });
      const { id } = await root.create(names.open, { title: "for everyone" });
      await stranger.hears(`${names.open}/*`, "create", id);
      await superuser.hears(`${names.secret}/*`, "create", secret.id);
      await pause(SETTLE_MS);
      for (const topic of topics.slice(0, 2)) {
        const leak = stranger.told(topic)[0];
        check(leak === undefined, `a guest was told of a record that it may not see: ${show(leak)}`);
      }
      const refusal = await client(scope)
        .realtime()
        .subscribeToCollection(names.secret)
        .ready.catch((error: unknown) => error);
      check(
        isHeadwaterError(refusal) && refusal.code === "forbidden",
        `a guest who subscribes to what only superusers may see gets ${String(refusal)}, and not forbidden`,
      );
    },
  },
  {
    group,
    name: "Token management",
    standard: said("Token refresh mechanism"),
    async run({ root, guest, names, client, user }, scope) {
      const { email } = await user();
      const own = client(scope);
      await own.authenticate(email, PASSWORD, { collection: names.users });
      const realtime = own.realtime();
      const subscription = realtime.subscribeToCollection(names.members);
      const heard = new Inbox<string>();
      subscription.forEach((event) => event.action === "create" && heard.push(event.record.id));
      await subscription.ready;
      const { clientId } = realtime;
      await own.auth.refresh();
      check(own.auth.isValid, "a refreshed token is not valid");
      const { id } = await root.create(names.members, { title: "after the refresh" });
      await heard.until((ids) => ids.includes(id), scope.patienceMs, "an event after the token was refreshed");
      check(realtime.clientId === clientId, "refreshing the token has cost the connection");
      const forged = await guest
        .as("eyJhbGciOiJIUzI1NiJ9.eyJpZCI6ImEifQ.x")
        .request("POST", `/api/collections/${names.users}/auth-refresh`);
      check(forged.status === 401, `a forged token is answered with ${forged.status}, not 401`);
    },
  },
  {
    group,
    name: "Permission-based filtering",
    standard: said("Permission validation"),
    async run({ root, guest, names, user }, scope) {
      const topic = `${names.own}/*`;
      const filter = encodeURIComponent(JSON.stringify({ query: { filter: "n > 5" } }));
      const large = `${names.open}/*?options=${filter}`;
      const people = [await user(), await user()] as const;
      const open = ({ token, record }: SignedIn): Promise<Subscriber> =>
        Subscriber.open(scope, guest.as(token), [topic, large], { label: record.id });
      const [ann, ben] = [await open(people[0]), await open(people[1])];
      for (let i = 0; i < 5; i += 1)
        for (const { record } of people) await root.create(names.own, { n: i, owner: record.id });
      await root.create(names.open, { n: 1 });
      const { id } = await root.create(names.open, { n: 9 });
      await Promise.all([ann, ben].map((subscriber) => subscriber.hears(large, "create", id)));
      await pause(SETTLE_MS);
      for (const [subscriber, { record }] of [
        [ann, people[0]],
        [ben, people[1]],
      ] as const) {
        const owners = subscriber.told(topic).map((told) => told.record["owner"]);
        const foreign = owners.find((owner) => owner !== record.id);
        check(foreign === undefined, `${record.id} was told of a record of ${show(foreign)}: the rule is not kept`);
        check(owners.length === 5, `${owners.length} of 5 events came of the records that the rule lets through`);
        const small = subscriber.told(large).find((told) => Number(told.record["n"]) <= 5);
        check(small === undefined, `the filter n > 5 let through ${show(small)}`);
      }
    },
  },
  {
    group,
    name: "Token expiration handling",
    standard: said("Token expiration handling"),
    async run({ root, guest, names, client, user }, scope) {
      const person = await user();
      const path = `/api/collections/${names.users}/impersonate/${person.record.id}`;
      const short = await root.ok<SignedIn>("POST", path, { duration: 2 });
      const own = client(scope);
      const changes = new Inbox<string>();
      own.auth.onChange(({ kind }) => changes.push(kind));
      own.auth.adopt({ token: short.token, record: person.record as RecordModel });
      await changes.until(
        (kinds) => kinds.includes("expired"),
        scope.patienceMs,
        "the client's word that the token is over",
      );
      const refresh = (): Promise<{ status: number }> =>
        guest.as(short.token).request("POST", `/api/collections/${names.users}/auth-refresh`);
      check(
        await eventually(async () => (await refresh()).status === 401, scope.patienceMs),
        "a token that has expired is still accepted",
      );
      const topics = [`${names.members}/*`, `${names.open}/*`];
      const late = await Subscriber.open(scope, guest.as(short.token), topics, { label: "expired" });
      const revoked = await Subscriber.open(scope, guest.as(person.token), topics, { label: "revoked" });
      const before = await root.create(names.members, { title: "before" });
      await revoked.hears(topics[0]!, "create", before.id);
      const password = `${PASSWORD}-new`;
      await root.update(names.users, person.record.id, { password, passwordConfirm: password });
      await root.create(names.members, { title: "after" });
      const { id } = await root.create(names.open, { title: "for everyone" });
      for (const subscriber of [late, revoked]) await subscriber.hears(topics[1]!, "create", id);
      await pause(SETTLE_MS);
      check(late.told(topics[0]!).length === 0, "a stream with an expired token was told what guests may not see");
      const leak = revoked.told(topics[0]!).find(({ record }) => record.id !== before.id);
      check(leak === undefined, `the password changed, and the open stream was still told of ${show(leak)}`);
    },
  },
];
