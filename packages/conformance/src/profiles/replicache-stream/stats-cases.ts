import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { eventually } from "../../core/deadline.ts";
import { quote, STATS_RESPONSE } from "./model.ts";
import { checkFields, poke, statsOf } from "./requests.ts";
import type { ReplicacheContext } from "./target.ts";

export const statsCases: readonly Case<ReplicacheContext>[] = [
  {
    group: "Stats",
    name: "stats count the user's streams and all streams",
    standard: quote(
      '{"userId": "user123", "userConnections": 2, "totalConnections": 15, "timestamp": "2024-01-01T12:00:00.000Z"}',
    ),
    async run(context, scope) {
      const { connect, token, openCount } = context;
      await connect(scope, token);
      await connect(scope, token);
      const before = openCount();
      const stats = await statsOf(context);
      const open = Math.min(before, openCount());
      checkFields(stats, STATS_RESPONSE, "the response of stats");
      const [user, total] = [Number(stats["userConnections"]), Number(stats["totalConnections"])];
      check(user >= open, `${open} streams are open, but userConnections is ${user}`);
      check(total >= user, `totalConnections is ${total}, less than userConnections, ${user}`);
    },
  },
  {
    group: "Stats",
    name: "stats count each user apart",
    standard: quote("User-Specific Tracking: Each user has their own set of client connections"),
    async run(context, scope) {
      const { connect, token, otherToken, request } = context;
      await connect(scope, token);
      const other = otherToken();
      const countOf = async (who: string): Promise<Readonly<Record<string, unknown>>> =>
        (await request("GET", "/stats", who)).body;
      const [own, before] = [await countOf(token), await countOf(other)];
      check(own["userId"] !== before["userId"], `two users have the userId ${show(own["userId"])}`);
      await connect(scope, other, "other");
      const after = await countOf(other);
      const more = Number(after["userConnections"]) - Number(before["userConnections"]);
      check(more === 1, `another user opened a stream, and their userConnections grew by ${more}`);
      const ownMore = Number((await countOf(token))["userConnections"]) - Number(own["userConnections"]);
      check(ownMore <= 0, `another user opened a stream, and the first user's userConnections grew by ${ownMore}`);
      const poked = await poke(context);
      check(
        poked["userId"] === own["userId"],
        `poke-user names the user ${show(poked["userId"])}, and stats ${show(own["userId"])}`,
      );
    },
  },
  {
    group: "Stats",
    name: "a closed stream is no longer counted",
    standard: quote("Automatic Cleanup: Removes disconnected clients automatically"),
    async run(context, scope) {
      const { connect, token } = context;
      const count = async (): Promise<number> => Number((await statsOf(context))["userConnections"]);
      const streams = [await connect(scope, token), await connect(scope, token), await connect(scope, token)];
      const open = await count();
      for (const stream of streams) stream.close();
      const from = performance.now();
      check(
        await eventually(async () => (await count()) <= open - streams.length, scope.patienceMs),
        `three of ${open} streams were closed, but userConnections is still ${await count()}`,
      );
      scope.measure("forgottenMs", performance.now() - from);
    },
  },
];
