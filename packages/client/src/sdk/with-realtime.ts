import type { Identity } from "../auth/identity.ts";
import { decodeClaims } from "../auth/token-claims.ts";
import type { ClientOptions } from "../client-options.ts";
import { createRealtime } from "../create-realtime.ts";
import type { Realtime } from "../realtime/realtime.ts";
import { SdkRealtimeService } from "./sdk-realtime-service.ts";

/** What of the official SDK is used. */
export interface OfficialSdk {
  readonly baseURL: string;
  readonly authStore: { readonly token: string; onChange(callback: (token: string) => void): () => void };
  readonly realtime: object;
}

/**
 * Gives an instance of the official `pocketbase` SDK this package's connection: `pb.realtime`, and so
 * `pb.collection("posts").subscribe(…)`, reconnect by cursor, with jitter, and notice sleep and silence. What the SDK's
 * own does in calls and callbacks stays as it is; `PB_CONNECT` is heard with each connection.
 *
 * @returns the same instance; `realtimeOf` gives the connection for its figures
 */
export function withRealtime<Sdk extends OfficialSdk>(pb: Sdk, options: ClientOptions = {}): Sdk {
  const { realtime } = createRealtime(pb.baseURL, options, () => sdkIdentity(pb));
  const service = new SdkRealtimeService(realtime);
  connections.set(service, realtime);
  Object.defineProperty(pb, "realtime", { value: service, configurable: true, enumerable: true, writable: true });
  return pb;
}

const connections = new WeakMap<object, Realtime>();

/** The connection that `withRealtime` has given. */
export const realtimeOf = (pb: OfficialSdk): Realtime | undefined => connections.get(pb.realtime);

/** The SDK keeps and refreshes its token itself; nothing is renewed on its behalf. */
function sdkIdentity({ authStore }: OfficialSdk): Identity {
  let last = authStore.token;
  return {
    token: () => Promise.resolve(authStore.token),
    renew: () => Promise.resolve(false),
    onToken: (listener) =>
      authStore.onChange((token) => {
        const same = idOf(last) === idOf(token);
        last = token;
        listener(same);
      }),
  };
}

const idOf = (token: string): string | undefined => decodeClaims(token)?.id;
