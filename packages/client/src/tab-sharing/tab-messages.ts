import { type ErrorCode, type ErrorDetails, HeadwaterError } from "../errors.ts";
import type { LinkEnd, LinkEvent, SubscribeOutcome, SubscribeRequest } from "../transport/transport.ts";

/** What a tab says to the one that holds the connection. */
export type ToLeader =
  | { readonly kind: "attach"; readonly link: string }
  | { readonly kind: "subscribe"; readonly link: string; readonly round: number; readonly request: SubscribeRequest }
  | { readonly kind: "detach"; readonly link: string }
  /** The stream with this number seems to be dead. */
  | { readonly kind: "doubt"; readonly stream: string };

/** What that one says to all tabs. */
export type FromLeader =
  /** It has just become the one. */
  | { readonly kind: "leader"; readonly leader: string }
  /** `slot`: how many had been attached to this stream before. `clientId`: of a stream that is open already. */
  | {
      readonly kind: "attached";
      readonly link: string;
      readonly leader: string;
      readonly stream: string;
      readonly slot: number;
      readonly clientId: string | undefined;
    }
  | { readonly kind: "told"; readonly stream: string; readonly what: readonly ListenerCall[] }
  | { readonly kind: "answer"; readonly link: string; readonly round: number; readonly outcome: Packed }
  | { readonly kind: "ended"; readonly stream: string; readonly end: Packed };

/** A call of a link's listener. */
export type ListenerCall =
  | readonly ["opened", clientId: string]
  | readonly ["event", LinkEvent]
  | readonly ["place", id: string]
  | readonly ["bytes", count: number]
  | readonly ["retry", milliseconds: number]
  | readonly ["warning", Packed];

/** Errors lose what they are on their way between tabs: this is one, taken apart. */
export type Packed = readonly unknown[];

type PackedError = readonly [ErrorCode, string, ErrorDetails];

const toPackedError = ({ code, message, status, data, url, text, retryAfterMs }: HeadwaterError): PackedError => [
  code,
  message,
  JSON.parse(JSON.stringify({ status, data, url, text, retryAfterMs })) as ErrorDetails,
];

const fromPackedError = ([code, message, details]: PackedError): HeadwaterError =>
  new HeadwaterError(code, message, details);

export const packError = (error: HeadwaterError): Packed => toPackedError(error);
export const unpackError = (plain: Packed): HeadwaterError => fromPackedError(plain as PackedError);

export const packEnd = ({ kind, error }: LinkEnd): Packed => [kind, toPackedError(error)];

export function unpackEnd(plain: Packed): LinkEnd {
  const [kind, error] = plain as readonly [LinkEnd["kind"], PackedError];
  return { kind, error: fromPackedError(error) };
}

export function packOutcome(outcome: SubscribeOutcome): Packed {
  if (outcome.kind === "refused")
    return [outcome.kind, [...outcome.problems].map(([name, error]) => [name, toPackedError(error)])];
  return "error" in outcome ? [outcome.kind, toPackedError(outcome.error)] : [outcome.kind];
}

/** @param nameOf what the tab itself calls a subscription; `undefined` for one of another tab */
export function unpackOutcome(plain: Packed, nameOf: (name: string) => string | undefined): SubscribeOutcome {
  const [kind, rest] = plain as readonly [SubscribeOutcome["kind"], unknown];
  if (kind === "accepted" || kind === "unknown-place") return { kind };
  if (kind !== "refused") return { kind, error: fromPackedError(rest as PackedError) };
  const problems = new Map<string, HeadwaterError>();
  for (const [name, error] of rest as readonly (readonly [string, PackedError])[]) {
    const own = nameOf(name);
    if (own !== undefined) problems.set(own, fromPackedError(error));
  }
  return { kind, problems };
}
