import type { RecordChange, RecordLeft, RecordModel, Resync, SubscriptionEvent } from "./events.ts";

/** A callback for each action. `any` is called for every event, after the action's own callback. */
export interface Routes<T = RecordModel> {
  readonly create?: (change: RecordChange<T>) => void;
  readonly update?: (change: RecordChange<T>) => void;
  readonly delete?: (change: RecordChange<T>) => void;
  readonly enter?: (change: RecordChange<T>) => void;
  readonly leave?: (left: RecordLeft) => void;
  readonly resync?: (resync: Resync) => void;
  readonly any?: (event: SubscriptionEvent<T>) => void;
}

/** Calls a different callback for each action: `subscription.forEach(routed({ create: add, delete: remove }))`. */
export const routed =
  <T>(routes: Routes<T>) =>
  (event: SubscriptionEvent<T>): void => {
    if (event.action === "resync") routes.resync?.(event);
    else if (event.action === "leave") routes.leave?.(event);
    else routes[event.action]?.(event);
    routes.any?.(event);
  };
