import type { CollectionId } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import { COLLECTIONS } from "../collections/model/change-of-collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { dependenciesOfCondition, type ListenerDependency } from "../visibility/listener-dependencies.ts";
import { manageRuleOf } from "../records/rule-check/manage-access.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { resolveOrNone } from "../records/rule-check/resolve-rule.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import { readsOf } from "../rules/analysis/reads.ts";

/** A rule with all that its answer hangs on besides the record itself. */
export interface RuleAnalysis {
  readonly condition: Condition | undefined;
  readonly dependencies: readonly ListenerDependency[];
}

/** A collection as one kind of principal may list it. */
export interface SyncedCollection {
  readonly collection: Collection;
  /** The list rule; "" for none. */
  readonly rule: string;
  readonly ruling: RuleAnalysis;
  /** Who manages accounts sees their addresses. */
  readonly management: RuleAnalysis;
  /** The ids of collections whose own changes may make others of what its rules mean. */
  readonly deciders: ReadonlySet<string>;
  /** Something that leaves no change in the log decides who sees it: the time, or a view. */
  readonly volatile: boolean;
  /** Of what its records look like, and of who sees them: both the same, and nothing is another. */
  readonly prints: { readonly look: string; readonly sight: string };
}

/** All that one kind of principal syncs. */
export interface SyncedSet {
  /** By name. */
  readonly collections: ReadonlyMap<string, SyncedCollection>;
  /** Those whose records decide who sees others; what happens to collections themselves is among them. */
  readonly deciding: readonly CollectionId[];
  readonly volatile: readonly string[];
  /** The prints of all as one text. */
  readonly prints: string;
}

const known = new WeakMap<Schema, Map<string, SyncedSet>>();

/** The collections that the principal may list: those of the system stay out, and views, whose changes nobody logs. */
export function syncedSet(context: RecordContext): SyncedSet {
  const { schema, principal } = context;
  let sets = known.get(schema);
  if (!sets) known.set(schema, (sets = new Map()));
  const kind = kindOf(principal);
  let set = sets.get(kind);
  if (!set) sets.set(kind, (set = makeSet(context)));
  return set;
}

const kindOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.collection.id);

function makeSet(context: RecordContext): SyncedSet {
  const collections = new Map<string, SyncedCollection>();
  for (const collection of context.schema.collections) {
    const rule = isSuperuser(context.principal) ? "" : collection.listRule;
    if (rule === null || collection.system || collection.type === "view") continue;
    collections.set(collection.name, makeSynced(context, collection, rule));
  }
  const all = [...collections.values()];
  const read = all.flatMap(({ ruling, management }) => [...ruling.dependencies, ...management.dependencies]);
  const account = authOf(context.principal);
  return {
    collections,
    deciding: [
      ...new Set([COLLECTIONS, ...read.map(({ collection }) => collection.id), ...(account ? [account.id] : [])]),
    ],
    volatile: all.filter(({ volatile }) => volatile).map(({ collection }) => collection.name),
    prints: JSON.stringify(Object.fromEntries(all.map(({ collection, prints }) => [collection.name, prints]))),
  };
}

function makeSynced(context: RecordContext, collection: Collection, rule: string): SyncedCollection {
  const ruling = rulingOf(context, collection, rule);
  const management = rulingOf(context, collection, manageRuleOf(collection) ?? "");
  const read = [...ruling.dependencies, ...management.dependencies].map((dependency) => dependency.collection);
  const manageRule = manageRuleOf(collection) ?? "";
  return {
    collection,
    rule,
    ruling,
    management,
    deciders: new Set([collection, ...read, authOf(context.principal)].flatMap((other) => (other ? [other.id] : []))),
    volatile: readsOf(rule).now || readsOf(manageRule).now || read.some(({ type }) => type === "view"),
    prints: {
      look: fingerprint([collection.id, collection.name, collection.type, collection.fields, manageRule]),
      sight: fingerprint([
        rule,
        manageRule,
        [...read, authOf(context.principal)].map((other) => other && shapeOf(other)),
      ]),
    },
  };
}

function rulingOf(context: RecordContext, collection: Collection, rule: string): RuleAnalysis {
  const condition = rule === "" ? undefined : resolveOrNone(context, collection, rule, "trusted");
  return { condition, dependencies: condition ? dependenciesOfCondition(condition) : [] };
}

const authOf = (principal: Principal): Collection | undefined =>
  principal.kind === "guest" ? undefined : principal.collection;

const shapeOf = ({ id, name, fields }: Collection): unknown => [id, name, fields];

const fingerprint = (value: unknown): string => Bun.hash(JSON.stringify(value)).toString(36);
