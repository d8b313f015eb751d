import type { RoutingValue } from "../rules/analysis/routing-values.ts";

/** What the hub knows of a group of listeners that get the same events. */
export interface AudienceKind {
  readonly topic: string;
  /** Equal for listeners to the same subscription that get the same bytes for every change. */
  readonly key: string;
  /** Only a change of a record with this value in this field can matter to the audience; `undefined` if any can. */
  readonly routeBy: Pick<RoutingValue, "field" | "value"> | undefined;
  /**
   * The ids of collections whose changes may show or hide other records; `undefined` if the audience does not ask for
   * such events.
   */
  readonly dependsOn: readonly string[] | undefined;
  /** The ids of collections whose changes may change what the audience sees. */
  readonly decidedBy: readonly string[];
  /** Does the same change, of a record that is still the same, always give the same event, whenever it is evaluated? */
  readonly cacheable: boolean;
}

/** Why a listener sees a change or not. `rule` and `filter` name what hides it. */
export type VisibilityReason = "visible" | "superusers-only" | "rule" | "filter" | "other-topic";
