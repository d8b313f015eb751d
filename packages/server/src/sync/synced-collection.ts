import type { CollectionId } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Schema } from "../collections/model/schema.ts";
import { dependenciesOfCondition, type ListenerDependency } from "../visibility/listener-dependencies.ts";
import { manageRuleOf } from "../records/rule-check/manage-rule.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { conditionOf } from "../records/rule-check/interpret-rule.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import { requestUsage } from "../rules/analysis/request-usage.ts";

/** A rule, and the other records that its result depends on. */
export interface RuleAnalysis {
  readonly condition: Condition | undefined;
  readonly dependencies: readonly ListenerDependency[];
}

/** A collection as one kind of principal may list it. */
export interface SyncedCollection {
  readonly collection: Collection;
  /** "" if everyone of this kind may list all records. */
  readonly listRule: string;
  readonly listAnalysis: RuleAnalysis;
  /** Who manages accounts also sees their email addresses. */
  readonly manageAnalysis: RuleAnalysis;
  /** Ids of the collections whose definition can change what the rules mean. */
  readonly decidingIds: ReadonlySet<string>;
  /** Visibility depends on something that leaves no change in the log: the time, or a view. */
  readonly isVolatile: boolean;
  readonly fingerprints: Fingerprints;
}

/** Hashes that tell whether a collection changed between two pulls. */
export interface Fingerprints {
  /** Of what its records look like. */
  readonly content: string;
  /** Of the rules that decide who sees them. */
  readonly visibility: string;
}

/** All collections that one kind of principal syncs. */
export interface SyncedSet {
  /** By name. */
  readonly collections: ReadonlyMap<string, SyncedCollection>;
  /** Collections whose records decide who sees other records, and the one that holds the collections themselves. */
  readonly decidingCollections: readonly CollectionId[];
  /** Names of the volatile collections. */
  readonly volatileCollections: readonly string[];
  /** The fingerprints of all collections, as they are stored with a view. */
  readonly fingerprints: string;
}

const cache = new WeakMap<Schema, Map<string, SyncedSet>>();

/** The collections that the principal may list, without the system's own and without views, which log no changes. */
export function syncedSet(context: RecordContext): SyncedSet {
  const { schema, principal } = context;
  let sets = cache.get(schema);
  if (!sets) cache.set(schema, (sets = new Map()));
  const kind = kindOf(principal);
  let set = sets.get(kind);
  if (!set) sets.set(kind, (set = buildSet(context)));
  return set;
}

const kindOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.collection.id);

function buildSet(context: RecordContext): SyncedSet {
  const collections = new Map<string, SyncedCollection>();
  for (const collection of context.schema.collections) {
    const rule = isSuperuser(context.principal) ? "" : collection.listRule;
    if (rule === null || collection.system || collection.type === "view") continue;
    collections.set(collection.name, buildSynced(context, collection, rule));
  }
  const all = [...collections.values()];
  const read = all.flatMap(({ listAnalysis, manageAnalysis }) => [
    ...listAnalysis.dependencies,
    ...manageAnalysis.dependencies,
  ]);
  const accounts = authCollectionOf(context.principal);
  return {
    collections,
    decidingCollections: [
      ...new Set([COLLECTIONS, ...read.map(({ collection }) => collection.id), ...(accounts ? [accounts.id] : [])]),
    ],
    volatileCollections: all.filter(({ isVolatile }) => isVolatile).map(({ collection }) => collection.name),
    fingerprints: encodeFingerprints(all),
  };
}

/** The stored form; `view-updater.ts` reads it. */
const encodeFingerprints = (all: readonly SyncedCollection[]): string =>
  JSON.stringify(
    Object.fromEntries(
      all.map(({ collection, fingerprints: { content, visibility } }) => [
        collection.name,
        { look: content, sight: visibility },
      ]),
    ),
  );

function buildSynced(context: RecordContext, collection: Collection, listRule: string): SyncedCollection {
  const manageRule = manageRuleOf(collection) ?? "";
  const listAnalysis = analyzeRule(context, collection, listRule);
  const manageAnalysis = analyzeRule(context, collection, manageRule);
  const read = [...listAnalysis.dependencies, ...manageAnalysis.dependencies].map(
    (dependency) => dependency.collection,
  );
  const accounts = authCollectionOf(context.principal);
  return {
    collection,
    listRule,
    listAnalysis,
    manageAnalysis,
    decidingIds: new Set([collection, ...read, accounts].flatMap((other) => (other ? [other.id] : []))),
    isVolatile: requestUsage(listRule).now || requestUsage(manageRule).now || read.some(({ type }) => type === "view"),
    fingerprints: {
      content: fingerprint([collection.id, collection.name, collection.type, collection.fields, manageRule]),
      visibility: fingerprint([listRule, manageRule, [...read, accounts].map((other) => other && shapeOf(other))]),
    },
  };
}

function analyzeRule(context: RecordContext, collection: Collection, rule: string): RuleAnalysis {
  const condition = conditionOf(context, collection, rule);
  return { condition, dependencies: condition ? dependenciesOfCondition(condition) : [] };
}

const authCollectionOf = (principal: Principal): Collection | undefined =>
  principal.kind === "guest" ? undefined : principal.collection;

const shapeOf = ({ id, name, fields }: Collection): unknown => [id, name, fields];

const fingerprint = (value: unknown): string => Bun.hash(JSON.stringify(value)).toString(36);
