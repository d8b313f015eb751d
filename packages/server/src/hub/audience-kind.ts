/** What makes an audience. */
export interface AudienceKind {
  /** The topic that its changes appear on. */
  readonly topic: string;
  /** Equal for subscribers that get the same result and the same bytes for every change. */
  readonly key: string;
  /** Only changes of records with this text in this field can reach it; `undefined`: any change can. */
  readonly routeBy: { readonly field: string; readonly value: string } | undefined;
  /**
   * Collections whose changes may make other records visible or invisible to it; `undefined` if it does not ask for
   * such events.
   */
  readonly dependsOn: readonly string[] | undefined;
  /** Ids of collections whose changes may change what it sees. */
  readonly decidedBy: readonly string[];
  /** Its result for a change is the same whenever it is evaluated: it depends on neither the time nor other records. */
  readonly cacheable: boolean;
}
