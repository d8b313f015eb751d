import { isChannelName } from "@headwater/protocol";
import type { BaseCollection, Rule } from "../collections/model/collection.ts";
import { collectionOf, newDraft } from "../collections/model/collection-draft.ts";
import type { Schema } from "../collections/model/schema.ts";
import { UserError } from "../lib/user-error.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";

/** Rules of channels are read as those of records of this collection, which have their channel's name for an id. */
export const CHANNELS = collectionOf(newDraft("base", "_channels")) as BaseCollection;

/** Channels that were declared together and go together. */
export class ChannelSet {
  readonly #rules = new Map<string, Rule>();
  readonly #families: { readonly prefix: string; readonly rule: Rule }[] = [];

  get isEmpty(): boolean {
    return this.#rules.size === 0 && this.#families.length === 0;
  }

  /**
   * @param name of one channel or, with a star at its end, of all whose names begin so
   * @param rule who may listen; `id` is the channel's name there
   * @throws UserError for a name or a rule that is none
   */
  declare(name: string, rule: Rule, schema: Schema): void {
    const isFamily = name.endsWith("*");
    const stem = isFamily ? name.slice(0, -1) : name;
    if (stem === "" ? !isFamily : !isChannelName(stem)) {
      throw new UserError(`"${name}" can't be the name of a channel: letters, digits, "_", "-" and ":" make one.`);
    }
    const problem = rule === null ? undefined : checkRule(rule, CHANNELS, schema);
    if (problem !== undefined) throw new UserError(`The rule of channel "${name}" can't be read: ${problem}.`);
    if (isFamily) this.#families.push({ prefix: stem, rule });
    else this.#rules.set(name, rule);
  }

  /** The rule of the channel itself, or of its family with the longest name; `undefined` for one that is not declared. */
  ruleOf(name: string): Rule | undefined {
    const own = this.#rules.get(name);
    if (own !== undefined) return own;
    const families = this.#families.filter(({ prefix }) => name.startsWith(prefix));
    return families.toSorted((one, other) => other.prefix.length - one.prefix.length)[0]?.rule;
  }
}

/** The channels that the application has declared, and what holds of all others. */
export class Channels {
  readonly #undeclared: Rule;
  #sets: readonly ChannelSet[] = [];

  /** @param undeclared who may listen to a channel that nobody has declared */
  constructor(undeclared: Rule) {
    this.#undeclared = undeclared;
  }

  /** Puts these in the place of all others. Call it between two changes, and sort the sessions anew. */
  replace(sets: readonly ChannelSet[]): void {
    this.#sets = sets;
  }

  /** The rule that was declared for the channel; `undefined` where none was. */
  declaredRuleOf(name: string): Rule | undefined {
    return this.#sets.map((set) => set.ruleOf(name)).find((rule) => rule !== undefined);
  }

  /** The rule of a channel that is no collection's. */
  ruleOf(name: string): Rule {
    const declared = this.declaredRuleOf(name);
    return declared === undefined ? this.#undeclared : declared;
  }
}
