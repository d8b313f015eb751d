import { randomBytes } from "node:crypto";
import { NOTE } from "../../lib/attack/attack-folder.ts";
import { JSON_TYPE } from "../../lib/attack/guest-stream.ts";
import { playAttack, type Scene } from "../../lib/attack/play-attack.ts";
import { family } from "../../lib/scenario.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const NOTES = "/api/collections/notes/records";
const PUSH = "/api/v1/replicache/push";
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

/** A text of that many bytes at least, made of parts that each have their number. */
function joined(bytes: number, part: (i: number) => string): string {
  const length = part(1_000_000).length;
  return Array.from({ length: Math.ceil(bytes / length) }, (_, i) => part(i)).join("");
}

const id = (): string => randomBytes(9).toString("hex");

const pushOf = (mutations: string): string =>
  `{"pushVersion":1,"schemaVersion":"1","profileID":"p","clientGroupID":"${id()}","mutations":[${mutations}]}`;

async function push({ attackers, seedFolder, random }: Scene, mutations: string): Promise<void> {
  const { token } = random.pick(seedFolder.users);
  await attackers.send("POST", PUSH, { body: pushOf(mutations), headers: JSON_TYPE, token });
}

const mutation = (client: string, i: number, name: string, args: unknown): string =>
  JSON.stringify({ clientID: client, id: i, name, args, timestamp: 0 });

async function sendLongNumber(scene: Scene): Promise<void> {
  const { attackers, random } = scene;
  const digits = "1".repeat(random.pick([100 * KIB, MIB]));
  const number = random.pick([
    `${digits}x`,
    `-${digits}.${digits}e`,
    ` ${" ".repeat(digits.length)}1x`,
    `0${"0".repeat(digits.length)}x`,
  ]);
  const body = JSON.stringify({ title: "a number", size: number });
  await attackers.send("POST", NOTES, { body, headers: JSON_TYPE });
  await attackers.send("PATCH", `${NOTES}/${NOTE}`, { body: JSON.stringify({ "size+": number }), headers: JSON_TYPE });
  const form = new URLSearchParams({ title: "a number", size: number });
  await attackers.send("POST", NOTES, { body: form.toString(), headers: FORM_TYPE });
  await push(scene, mutation(id(), 1, "create", { collection: "notes", data: { size: number } }));
}

export const bodies = family("hostile", [
  [
    "long-number",
    "A number of a megabyte is refused in time that is linear in its length.",
    (run) => playAttack(run, { answers: [200, 400, 413], wave: sendLongNumber }),
    ["all seeds", "short", "alone"],
  ],
  [
    "svg-comment",
    "Uploads that look like the start of an SVG are recognized in linear time, and not at all where nobody may create.",
    (run) =>
      playAttack(run, {
        answers: [200, 400, 403, 404, 413],
        wave: async ({ attackers, random }) => {
          const filler = random.pick(["<!---->", "<!doctype svg>", "<!-- ", "<?xml "]);
          const text = `<!doctype svg>${filler.repeat(25_000 / filler.length)}x`;
          const form = new FormData();
          for (let i = 0; i < 40; i += 1) form.append("files", new File([text], `picture${i}.svg`));
          const collection = random.pick(["uploads", "sealed"]);
          await attackers.send("POST", `/api/collections/${collection}/records`, { body: form });
        },
      }),
    ["all seeds", "short", "alone"],
  ],
  [
    "empty-mutations",
    "A push of 28 MiB of empty mutations is refused before an object is made for each.",
    (run) =>
      playAttack(run, { answers: [400, 413, 429, 503], wave: (scene) => push(scene, `${"{},".repeat(9_700_000)}{}`) }),
    ["all seeds", "alone"],
  ],
  [
    "many-keys",
    "JSON and forms of 25 MiB of keys are refused before they are built.",
    (run) =>
      playAttack(run, {
        answers: [200, 400, 413, "closed"],
        wave: async ({ attackers, random }) => {
          const size = 25 * MIB;
          const json = `{${joined(size, (i) => `"k${i}":1,`)}"title":"x"}`;
          const nested = `{"data":{${joined(size, (i) => `"k${i}":1,`)}"title":"x"}}`;
          const form = `${joined(size, (i) => `k${i}=1&`)}title=x`;
          const [body, headers] = random.pick([
            [json, JSON_TYPE],
            [nested, JSON_TYPE],
            [form, FORM_TYPE],
          ] as const);
          await attackers.send("POST", NOTES, { body, headers });
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "deep-json",
    "JSON and lists that are nested a million deep are refused.",
    (run) =>
      playAttack(run, {
        answers: [200, 400, 413, 431],
        wave: async (scene) => {
          const { attackers, random } = scene;
          const [open, close] = random.pick([
            ["[", "]"],
            ['{"a":', "}"],
          ] as const);
          const depth = random.pick([10_000, 1_000_000]);
          const value = `${open.repeat(depth)}1${random.chance(50) ? close.repeat(depth) : ""}`;
          await attackers.send("POST", NOTES, { body: `{"data":${value}}`, headers: JSON_TYPE });
          await push(scene, `{"clientID":"c","id":1,"name":"create","args":${value}}`);
          const filter = encodeURIComponent(`${"(".repeat(20_000)}title='x'${")".repeat(20_000)}`);
          await attackers.send("GET", `${NOTES}?filter=${filter}`);
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "realtime-elements",
    "A realtime request of 4 MiB of numbers is refused before each is looked at.",
    (run) =>
      playAttack(run, {
        answers: [400, 404, 413],
        wave: async ({ attackers, random }) => {
          const numbers = `[${"1,".repeat(2 * MIB - 200)}1]`;
          const body = random.pick([numbers, `{"clientId":"nobody","subscriptions":${numbers}}`]);
          await attackers.send("POST", "/api/realtime", { body, headers: JSON_TYPE });
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "slow-bodies",
    "Forty guests who send 29 MiB slowly hold no more memory than the server allows.",
    (run) =>
      playAttack(run, {
        answers: [408, 413, 429, 503, "left", "closed"],
        wave: async ({ attackers }) => {
          const send = (guest: number): Promise<unknown> =>
            attackers.send("POST", NOTES, { body: slowBody(29 * MIB), headers: JSON_TYPE, guest, leaveAfter: 6_000 });
          await Promise.all(Array.from({ length: 40 }, (_, guest) => send(guest)));
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "large-push",
    "A push with 100 MiB of arguments is done or refused within the server's memory, and delays nobody.",
    (run) =>
      playAttack(run, {
        answers: [200, 400, 413, 429, 503],
        wave: async (scene) => {
          const client = id();
          const body = "x".repeat(7 * MIB);
          const create = (i: number): string =>
            mutation(client, i + 1, "create", { collection: "notes", data: { title: `large ${i}`, body } });
          const single = mutation(client, 1, "nothing", { body: "x".repeat(100 * MIB) });
          const many = Array.from({ length: 14 }, (_, i) => create(i)).join(",");
          await push(scene, single);
          await push(scene, many);
        },
      }),
    ["all seeds", "alone"],
  ],
  [
    "refused-push",
    "30 MiB of refused mutations delay nobody's writes, and are not each written to the log.",
    (run) =>
      playAttack(run, {
        answers: [200, 400, 413, 429, 503],
        wave: async (scene) => {
          const client = id();
          const args = { collection: "sealed", data: { title: "x" } };
          const [name, text] = scene.random.pick([
            ["create", JSON.stringify(args)],
            ["unknown", `"${"y".repeat(40)}"`],
          ] as const);
          const head = `{"clientID":"${client}","name":"${name}","args":${text},"timestamp":0,"id":`;
          await push(
            scene,
            joined(30 * MIB, (i) => `${i === 0 ? "" : ","}${head}${i + 1}}`),
          );
          const logged = (await scene.server.stdout()).length;
          if (logged > 20e6) throw new Error(`the server logged ${(logged / 1e6).toFixed(0)} MB`);
        },
      }),
    ["all seeds", "alone"],
  ],
]);

/** Sends that many bytes at once, and then nothing more until it is cancelled. */
function slowBody(bytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(256 * KIB).fill(0x20);
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent >= bytes) return Bun.sleep(30_000);
      sent += chunk.length;
      controller.enqueue(chunk);
    },
  });
}
