import { isHeadwaterError, type RecordModel } from "@headwater/client";
import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { eventually, pause } from "../../core/deadline.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, quote } from "./document.ts";
import type { AuthResponse } from "./api-client.ts";
import { Subscriber } from "./subscriber.ts";
import { PASSWORD, type PocketBaseContext } from "./context.ts";

const group = GROUP.auth;

export const authCases: readonly Case<PocketBaseContext>[] = [
  {
    group,
    name: "Public collection access",
    standard: quote("Public collection access"),
    async run({ superuser, names, client }, scope) {
      const subscription = client(scope).realtime().subscribeToCollection(names.open);
      await subscription.ready;
      const made = await superuser.create(names.open, { title: "for everyone" });
      const received = new Inbox<string>();
      subscription.forEach((event) => event.action === "create" && received.push(event.record.id));
      await received.until((ids) => ids.includes(made.id), scope.patienceMs, "an event of a public collection");
    },
  },
  {
    group,
    name: "Protected collection security",
    standard: quote("Protected collection security"),
    async run({ superuser, guest, names, client }, scope) {
      const topics = [`${names.secret}/*`, `${names.members}/*`, `${names.open}/*`];
      const guestStream = await Subscriber.open(scope, guest, topics, { label: "guest" });
      const superuserStream = await Subscriber.open(scope, superuser, topics, { label: "superuser" });
      const secret = await superuser.create(names.secret, { title: "secret" });
      await superuser.create(names.members, { title: "for members" });
      const { id } = await superuser.create(names.open, { title: "for everyone" });
      await guestStream.untilChange(`${names.open}/*`, "create", id);
      await superuserStream.untilChange(`${names.secret}/*`, "create", secret.id);
      await pause(scope.clock.settleMs);
      for (const topic of topics.slice(0, 2)) {
        const leak = guestStream.changes(topic)[0];
        check(leak === undefined, `a guest received a record that it may not see: ${show(leak)}`);
      }
      const error = await client(scope)
        .realtime()
        .subscribeToCollection(names.secret)
        .ready.catch((reason: unknown) => reason);
      check(
        isHeadwaterError(error) && error.code === "forbidden",
        `a guest that subscribes to a superusers-only collection gets ${String(error)}, not forbidden`,
      );
    },
  },
  {
    group,
    name: "Token management",
    standard: quote("Token refresh mechanism"),
    async run({ superuser, guest, names, client, user }, scope) {
      const { email } = await user();
      const own = client(scope);
      await own.authenticate(email, PASSWORD, { collection: names.users });
      const realtime = own.realtime();
      const subscription = realtime.subscribeToCollection(names.members);
      const received = new Inbox<string>();
      subscription.forEach((event) => event.action === "create" && received.push(event.record.id));
      await subscription.ready;
      const { clientId } = realtime;
      await own.auth.refresh();
      check(own.auth.isValid, "the refreshed token is not valid");
      const { id } = await superuser.create(names.members, { title: "after the refresh" });
      await received.until((ids) => ids.includes(id), scope.patienceMs, "an event after the token was refreshed");
      check(realtime.clientId === clientId, "refreshing the token closed the connection");
      const forged = await guest
        .withToken("eyJhbGciOiJIUzI1NiJ9.eyJpZCI6ImEifQ.x")
        .request("POST", `/api/collections/${names.users}/auth-refresh`);
      check(forged.status === 401, `a forged token gets ${forged.status}, not 401`);
    },
  },
  {
    group,
    name: "Permission-based filtering",
    standard: quote("Permission validation"),
    async run({ superuser, guest, names, user }, scope) {
      const topic = `${names.own}/*`;
      const filter = encodeURIComponent(JSON.stringify({ query: { filter: "n > 5" } }));
      const large = `${names.open}/*?options=${filter}`;
      const people = [await user(), await user()] as const;
      const open = ({ token, record }: AuthResponse): Promise<Subscriber> =>
        Subscriber.open(scope, guest.withToken(token), [topic, large], { label: record.id });
      const [ann, ben] = [await open(people[0]), await open(people[1])];
      for (let i = 0; i < 5; i += 1)
        for (const { record } of people) await superuser.create(names.own, { n: i, owner: record.id });
      await superuser.create(names.open, { n: 1 });
      const { id } = await superuser.create(names.open, { n: 9 });
      await Promise.all([ann, ben].map((subscriber) => subscriber.untilChange(large, "create", id)));
      await pause(scope.clock.settleMs);
      for (const [subscriber, { record }] of [
        [ann, people[0]],
        [ben, people[1]],
      ] as const) {
        const owners = subscriber.changes(topic).map((change) => change.record["owner"]);
        const foreign = owners.find((owner) => owner !== record.id);
        check(foreign === undefined, `${record.id} received a record of ${show(foreign)}, which the rule forbids`);
        check(owners.length === 5, `${owners.length} of the 5 events that the rule allows arrived`);
        const small = subscriber.changes(large).find((change) => Number(change.record["n"]) <= 5);
        check(small === undefined, `the filter n > 5 let through ${show(small)}`);
      }
    },
  },
  {
    group,
    name: "Token expiration handling",
    standard: quote("Token expiration handling"),
    async run({ superuser, guest, names, client, user }, scope) {
      const person = await user();
      const path = `/api/collections/${names.users}/impersonate/${person.record.id}`;
      const short = await superuser.requestOk<AuthResponse>("POST", path, { duration: 2 });
      const own = client(scope);
      const changes = new Inbox<string>();
      own.auth.onChange(({ kind }) => changes.push(kind));
      own.auth.adopt({ token: short.token, record: person.record as RecordModel });
      await changes.until((kinds) => kinds.includes("expired"), scope.patienceMs, 'the client\'s "expired" notice');
      const refresh = (): Promise<{ status: number }> =>
        guest.withToken(short.token).request("POST", `/api/collections/${names.users}/auth-refresh`);
      check(
        await eventually(async () => (await refresh()).status === 401, scope.patienceMs),
        "an expired token is still accepted",
      );
      const topics = [`${names.members}/*`, `${names.open}/*`];
      const late = await Subscriber.open(scope, guest.withToken(short.token), topics, { label: "expired" });
      const revoked = await Subscriber.open(scope, guest.withToken(person.token), topics, { label: "revoked" });
      const before = await superuser.create(names.members, { title: "before" });
      await revoked.untilChange(topics[0]!, "create", before.id);
      const password = `${PASSWORD}-new`;
      await superuser.update(names.users, person.record.id, { password, passwordConfirm: password });
      await superuser.create(names.members, { title: "after" });
      const { id } = await superuser.create(names.open, { title: "for everyone" });
      for (const subscriber of [late, revoked]) await subscriber.untilChange(topics[1]!, "create", id);
      await pause(scope.clock.settleMs);
      check(
        late.changes(topics[0]!).length === 0,
        "a stream with an expired token received a record that guests may not see",
      );
      const leak = revoked.changes(topics[0]!).find(({ record }) => record.id !== before.id);
      check(leak === undefined, `the password changed, and the open stream still received ${show(leak)}`);
    },
  },
];
