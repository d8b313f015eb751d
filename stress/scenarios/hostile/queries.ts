import { AUTHOR } from "../../lib/attack/attack-folder.ts";
import type { Answer } from "../../lib/attack/attackers.ts";
import { GuestStream, JSON_TYPE } from "../../lib/attack/guest-stream.ts";
import { playAttack, type Scene } from "../../lib/attack/play-attack.ts";
import { family } from "../../lib/scenario.ts";

/** A query may be answered, cut, or refused because others wait. */
const QUERY_ANSWERS: readonly Answer[] = [200, 400, 413, 429, 503];

/** From a post to its author, to all the author's posts, and so on. */
const backAndForth = (steps: number): string => `author${".posts_via_author.author".repeat(steps)}`;

const list = (collection: string, parameters: Readonly<Record<string, string>>): string =>
  `/api/collections/${collection}/records?${new URLSearchParams(parameters).toString()}`;

const relationBomb = ({ random }: Scene): string => {
  const operator = random.pick(["~", "?~", "!~", "!=", "?="]);
  return list("posts", { filter: `${backAndForth(random.int(2, 3))}.title ${operator} '${random.int(0, 999)}x'` });
};

const each = (count: number, work: (i: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

export const queries = family("hostile", [
  [
    "relation-filter",
    "A filter over back relations three deep is cut, and delays nobody.",
    (run) =>
      playAttack(run, {
        rows: { posts: 700 },
        answers: QUERY_ANSWERS,
        wave: async (scene) => {
          await each(4, (guest) => scene.attackers.send("GET", relationBomb(scene), { guest }));
        },
      }),
    ["all seeds", "short", "alone"],
  ],
  [
    "relation-filter-left",
    "A query ends when its client leaves.",
    (run) =>
      playAttack(run, {
        args: ["--query-seconds", "60"],
        rows: { posts: 700 },
        answers: [...QUERY_ANSWERS, "left", "closed"],
        wave: async (scene) => {
          await each(8, (guest) =>
            scene.attackers.send("GET", relationBomb(scene), { guest, leaveAfter: scene.random.int(50, 600) }),
          );
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "relation-expand",
    "An expand over back relations is bounded in memory and bytes, and delays nobody.",
    (run) =>
      playAttack(run, {
        rows: { posts: 320 },
        answers: QUERY_ANSWERS,
        wave: async ({ attackers, random }) => {
          const expand = backAndForth(random.int(2, 3)).replace(/\.author$/, "");
          const perPage = String(random.pick([200, 320, 1000]));
          await each(3, (guest) => attackers.send("GET", list("posts", { expand, perPage }), { guest }));
        },
      }),
    ["all seeds", "short", "alone"],
  ],
  [
    "heap-scan",
    "Eight guests who search 100,000 records with sixty patterns each delay nobody.",
    (run) =>
      playAttack(run, {
        rows: { heap: 100_000 },
        answers: QUERY_ANSWERS,
        wave: async ({ attackers, random }) => {
          const parts = Array.from({ length: 60 }, () => `title ~ '${random.int(1e6, 1e9)}z%q'`);
          await each(8, (guest) => attackers.send("GET", list("heap", { filter: parts.join(" || ") }), { guest }));
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "relation-subscription",
    "Subscriptions with a filter over back relations delay no write and no other subscriber's events.",
    (run) =>
      playAttack(run, {
        rows: { posts: 320 },
        answers: [...QUERY_ANSWERS, 204],
        wave: async (scene) => {
          using bombs = await GuestStream.open(scene.url, 1);
          const topics = Array.from({ length: 8 }, (_, i) => {
            const filter = `${backAndForth(3)}.title ?~ '${scene.random.int(0, 9999)}${i}x'`;
            return `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;
          });
          scene.attackers.count(await bombs.subscribe(topics));
          for (let i = 0; i < 4; i += 1) {
            const body = JSON.stringify({ title: `bait ${i}`, author: AUTHOR });
            await scene.attackers.send("POST", "/api/collections/posts/records", {
              body,
              headers: JSON_TYPE,
              guest: 2,
            });
          }
        },
      }),
    ["all seeds", "alone"],
  ],
]);
