import { isChannelName } from "@headwater/protocol";
import type { BaseCollection } from "../../collections/model/collection.ts";
import type { Rule } from "../../collections/model/rule.ts";
import { collectionOf } from "../../collections/model/collection-draft.ts";
import { newDraft } from "../../collections/model/new-draft.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { UserError } from "../../lib/user-error.ts";
import { checkRule } from "../../rules/analysis/check-rule.ts";

/** A channel's rule is read as a rule of this collection, whose records have the channel's name as their id. */
export const CHANNELS = collectionOf(newDraft("base", "_channels")) as BaseCollection;

/** Channels, or rooms, that are declared and replaced together. */
export class ChannelSet {
  /** Called after each declaration. Set once the declarations are in use: who is alike may change with each. */
  onDeclared: () => void = () => {};
  readonly #kind: "channel" | "room";
  readonly #rules = new Map<string, Rule>();
  readonly #prefixes: { readonly prefix: string; readonly rule: Rule }[] = [];

  constructor(kind: "channel" | "room" = "channel") {
    this.#kind = kind;
  }

  get isEmpty(): boolean {
    return this.#rules.size === 0 && this.#prefixes.length === 0;
  }

  /**
   * @param name one or, if it ends in `*`, all whose names start with what precedes it
   * @param rule who may listen; it reads the name as `id`
   * @throws UserError for an invalid name or rule
   */
  declare(name: string, rule: Rule, schema: Schema): void {
    const isPrefix = name.endsWith("*");
    const stem = isPrefix ? name.slice(0, -1) : name;
    if (stem === "" ? !isPrefix : !isChannelName(stem)) {
      throw new UserError(
        `"${name}" can't be the name of a ${this.#kind}: use letters, digits, "_", "-" and ":", and "*" only at the end.`,
      );
    }
    const problem = rule === null ? undefined : checkRule(rule, CHANNELS, schema);
    if (problem !== undefined) throw new UserError(`The rule of ${this.#kind} "${name}" can't be read: ${problem}.`);
    if (isPrefix) this.#prefixes.push({ prefix: stem, rule });
    else this.#rules.set(name, rule);
    this.onDeclared();
  }

  /** The rule of the channel itself or else of its longest prefix; `undefined` if the channel isn't declared. */
  ruleOf(name: string): Rule | undefined {
    const own = this.#rules.get(name);
    if (own !== undefined) return own;
    const matching = this.#prefixes.filter(({ prefix }) => name.startsWith(prefix));
    return matching.toSorted((one, other) => other.prefix.length - one.prefix.length)[0]?.rule;
  }
}

/** The channels, or rooms, that the application declares, and the rule of all others. */
export class Channels {
  readonly #undeclared: Rule;
  #sets: readonly ChannelSet[] = [];

  /** @param undeclared who may listen to a channel that isn't declared */
  constructor(undeclared: Rule) {
    this.#undeclared = undeclared;
  }

  /** Replaces all declarations. Call it between two changes, and have the hub index its sessions again. */
  replace(sets: readonly ChannelSet[]): void {
    this.#sets = sets;
  }

  /** The declared rule of the channel; `undefined` if it isn't declared. */
  declaredRuleOf(name: string): Rule | undefined {
    return this.#sets.map((set) => set.ruleOf(name)).find((rule) => rule !== undefined);
  }

  /** The rule of a channel that doesn't have a collection's name. */
  ruleOf(name: string): Rule {
    const declared = this.declaredRuleOf(name);
    return declared === undefined ? this.#undeclared : declared;
  }
}
