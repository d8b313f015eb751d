import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { RawSocket } from "@headwater/testing/clients/raw-socket.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import { type Answer, addressOf } from "../../lib/attack/attackers.ts";
import { GuestStream, JSON_TYPE } from "../../lib/attack/guest-stream.ts";
import { playAttack, type Scene } from "../../lib/attack/play-attack.ts";
import { ensure } from "../../lib/ensure.ts";
import { family } from "../../lib/scenario.ts";
import { withOptions } from "../../lib/topics.ts";

const SUBSCRIBE_ANSWERS: readonly Answer[] = [200, 204, 400, 413, 429, 503, "closed"];

const filterTopic = (collection: string, filter: string): string =>
  withOptions(`${collection}/*`, { query: { filter } });

async function openStreams({ url, attackers }: Scene, count: number, subscriptions: (guest: number) => string[]) {
  const streams: GuestStream[] = [];
  await inParallel(count, 8, async (guest) => {
    const stream = await GuestStream.open(url, guest);
    streams.push(stream);
    attackers.count(await stream.subscribe(subscriptions(guest)));
  });
  return {
    [Symbol.dispose]: () => {
      for (const stream of streams) stream[Symbol.dispose]();
    },
  };
}

/** Opens a socket that joins rooms and never reads an answer. */
async function joinRooms({ url }: Scene, guest: number, rooms: number): Promise<RawSocket> {
  const socket = await RawSocket.open(`${url}/realtime/subscribe`, { onFrame: () => undefined }, addressOf(guest));
  const presence = { state: "s".repeat(500), key: `k${guest}` };
  // Together they would be refused: some clients ask for as many as they may have, and then for more.
  for (let room = 0; room < rooms; room += 10) {
    const pattern = Array.from({ length: 10 }, (_, i) => `@room${(guest * 7 + room + i) % 5_000}.*`);
    socket.send(encodeFrame(OP.text, JSON.stringify({ type: "subscribe", pattern, presence })));
  }
  return socket;
}

export const subscriptions = family("hostile", [
  [
    "like-subscriptions",
    "A thousand subscriptions with patterns of 1,200 letters delay no write, however long the title.",
    (run) =>
      playAttack(run, {
        answers: SUBSCRIBE_ANSWERS,
        wave: async (scene) => {
          const letters = scene.random.pick(["a", "ab", "aA"]);
          const pattern = letters.repeat(1_200 / letters.length);
          const topics = (): string[] =>
            Array.from({ length: 1_000 }, (_, i) => filterTopic("notes", `title ~ '${pattern}${i}'`));
          using _ = await openStreams(scene, 1, topics);
          const body = JSON.stringify({ title: letters.repeat(5_000 / letters.length) });
          for (let i = 0; i < 8; i += 1)
            await scene.attackers.send("POST", "/api/collections/notes/records", {
              body,
              headers: JSON_TYPE,
              guest: 2,
            });
        },
      }),
    ["all seeds", "short", "alone"],
  ],
  [
    "many-subscriptions",
    "A hundred guests with a thousand subscriptions each stay within the server's memory.",
    (run) =>
      playAttack(run, {
        answers: SUBSCRIBE_ANSWERS,
        wave: async (scene) => {
          const filler = "f".repeat(2_000);
          const topics = (guest: number): string[] =>
            Array.from({ length: 1_000 }, (_, i) => filterTopic("posts", `title = '${guest}-${i}-${filler}'`));
          using _ = await openStreams(scene, scene.isShort ? 20 : 100, topics);
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "presence-rooms",
    "1,500 sockets that join a hundred rooms each stay within the server's memory, and delay nobody.",
    (run) =>
      playAttack(run, {
        answers: [],
        wave: async (scene) => {
          const sockets: RawSocket[] = [];
          await inParallel(1_500, 16, async (guest) => void sockets.push(await joinRooms(scene, guest, 100)));
          await Bun.sleep(1_000);
          for (const socket of sockets) socket.close();
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "nested-excerpt",
    "Deeply nested HTML breaks neither a list with an excerpt nor the events of those who ask for one.",
    (run) =>
      playAttack(run, {
        answers: [200, 400],
        wave: async ({ url, attackers, random }) => {
          using reader = await SocketClient.connect(url);
          await reader.subscribe("essays.*", { fields: "id,text:excerpt(100,true)" });
          const tag = random.pick(["<div>", "<p><b>", "<ul><li>"]);
          const text = tag.repeat((97 * 1024) / tag.length);
          const body = JSON.stringify({ title: "nested", text });
          const essays = "/api/collections/essays/records";
          const created = await attackers.send("POST", essays, { body, headers: JSON_TYPE });
          const listed = await attackers.send("GET", `${essays}?fields=id,text:excerpt(100,true)&perPage=5&sort=-id`);
          ensure(created === 200 && listed === 200, `an essay was answered with ${created}, a list with ${listed}`);
          await reader.inbox.until(() => reader.events.length > 0 || reader.all("resync").length > 0, 10_000);
        },
      }),
    ["all seeds", "short", "alone"],
  ],
]);
