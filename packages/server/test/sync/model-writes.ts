import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { MANAGE_RULES, RULES } from "./model-rules.ts";
import type { ModelServer } from "./model-server.ts";

export const USERS = ["ann", "bob", "cem", "dua"].map((name) => name.padEnd(15, "0"));
const WORDS = ["a", "b", "c"];

/** Random writes that do not come from the model's clients. */
export class ModelWrites {
  readonly server: ModelServer;
  readonly random: Random;
  #made = 0;

  constructor(server: ModelServer, random: Random) {
    this.server = server;
    this.random = random;
  }

  /** A unique id in random order, the same for the same seed. */
  newId(): string {
    return `${this.random.int(1, 1e9).toString(36)}x${(this.#made += 1)}`.padEnd(15, "0");
  }

  async id(collection: string): Promise<string> {
    const ids = await this.server.ids(collection);
    return ids.length === 0 ? "nothing00000000" : this.random.pick(ids);
  }

  async body(name: string): Promise<Record<string, unknown>> {
    const { random } = this;
    const user = random.pick(USERS);
    switch (name) {
      case "users":
        return random.chance(50)
          ? { role: random.pick(["editor", ""]) }
          : { team: random.chance(20) ? "" : await this.id("teams") };
      case "teams":
        return { name: random.pick(WORDS), members: USERS.filter(() => random.chance(40)) };
      case "lists":
        return {
          title: random.pick(WORDS),
          owner: user,
          team: random.chance(30) ? "" : await this.id("teams"),
          open: random.chance(50),
          secret: random.pick(WORDS),
        };
      case "todos":
        return {
          list: await this.id("lists"),
          text: random.pick(WORDS),
          due: new Date(this.server.now.getTime() + random.int(-20, 40) * 3_600_000).toISOString(),
        };
      default:
        return { user, todo: await this.id("todos") };
    }
  }

  async write(): Promise<void> {
    const { random, server } = this;
    const name = random.pick(["users", "teams", "lists", "lists", "todos", "todos", "todos", "grants", "grants"]);
    const body = await this.body(name);
    const count = (await server.ids(name)).length;
    if (name !== "users" && (count < 6 || (count < 25 && random.chance(45))))
      await server.create(name, { ...body, id: this.newId() });
    else if (name !== "users" && random.chance(count > 20 ? 60 : 30)) await server.remove(name, await this.id(name));
    else {
      // A random subset of the fields.
      const some = Object.entries(body).filter(() => random.chance(50));
      await server.update(name, await this.id(name), Object.fromEntries(some));
    }
  }

  async changeRule(): Promise<void> {
    const { random, server } = this;
    const name = random.pick(Object.keys(RULES));
    if (name === "users" && random.chance(40)) await server.redefine(name, { manageRule: random.pick(MANAGE_RULES) });
    else await server.redefine(name, { listRule: random.pick(RULES[name]!) });
  }

  async changeSchema(): Promise<void> {
    const { random, server } = this;
    const extras = server.collections.find(({ name }) => name.startsWith("extras"));
    if (random.chance(40)) {
      const lists = server.collection("lists");
      const fields = lists.fields.map((field) =>
        field.name === "secret" ? { ...field, hidden: !field.hidden } : field,
      );
      await server.redefine("lists", { fields });
    } else if (!extras) {
      await server.define({ name: "extras", listRule: "", fields: [{ name: "text", type: "text" }] });
      for (let i = 0; i < 5; i += 1) await server.create("extras", { id: this.newId(), text: random.pick(WORDS) });
    } else if (random.chance(50))
      await server.redefine(extras.name, { name: extras.name === "extras" ? "extras_too" : "extras" });
    else await server.undefine(extras.name);
  }
}
