import type { Identity } from "../auth/identity.ts";
import { decodeClaims } from "../auth/token-claims.ts";
import type { ClientOptions } from "../client-options.ts";
import { createRealtime } from "../create-realtime.ts";
import type { Realtime } from "../realtime/realtime.ts";
import { SdkRealtimeService } from "./sdk-realtime-service.ts";

/** The parts of the official SDK that are used here. */
export interface OfficialSdk {
  readonly baseURL: string;
  readonly authStore: { readonly token: string; onChange(callback: (token: string) => void): () => void };
  readonly realtime: object;
}

/**
 * Replaces the realtime connection of an official `pocketbase` SDK instance. `pb.realtime`, and with it
 * `pb.collection("posts").subscribe(…)`, then resumes from a cursor, reconnects with jitter, and detects sleep and
 * silence. Methods and callbacks work as in the SDK; `PB_CONNECT` is delivered for each connection.
 *
 * @returns the same instance; `realtimeOf` returns its connection
 */
export function withRealtime<Sdk extends OfficialSdk>(pb: Sdk, options: ClientOptions = {}): Sdk {
  const { realtime } = createRealtime(pb.baseURL, options, () => sdkIdentity(pb));
  const service = new SdkRealtimeService(realtime);
  connections.set(service, realtime);
  Object.defineProperty(pb, "realtime", { value: service, configurable: true, enumerable: true, writable: true });
  return pb;
}

const connections = new WeakMap<object, Realtime>();

/** The connection created by `withRealtime`; `undefined` for other instances. */
export const realtimeOf = (pb: OfficialSdk): Realtime | undefined => connections.get(pb.realtime);

/** The SDK refreshes its token itself. */
function sdkIdentity({ authStore }: OfficialSdk): Identity {
  let last = authStore.token;
  return {
    token: () => Promise.resolve(authStore.token),
    renew: () => Promise.resolve(false),
    onToken: (listener) =>
      authStore.onChange((token) => {
        const isSameUser = idOf(last) === idOf(token);
        last = token;
        listener(isSameUser);
      }),
  };
}

const idOf = (token: string): string | undefined => decodeClaims(token)?.id;
