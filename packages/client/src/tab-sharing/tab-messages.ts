import { type ErrorCode, type ErrorDetails, HeadwaterError } from "../errors.ts";
import type { LinkEnd, LinkEvent, SubscribeOutcome, SubscribeRequest } from "../transport/transport.ts";

/** A message from a tab to the leader, the tab that has the connection. */
export type ToLeader =
  | { readonly kind: "attach"; readonly link: string }
  | { readonly kind: "subscribe"; readonly link: string; readonly round: number; readonly request: SubscribeRequest }
  | { readonly kind: "detach"; readonly link: string }
  /** The stream with this id seems dead. */
  | { readonly kind: "stalled"; readonly stream: string };

/** A message from the leader to all tabs. */
export type FromLeader =
  /** This tab has become the leader. */
  | { readonly kind: "leader"; readonly leader: string }
  /** `tabNumber` counts the links of this stream from 1. `clientId` is set if the stream is open already. */
  | {
      readonly kind: "attached";
      readonly link: string;
      readonly leader: string;
      readonly stream: string;
      readonly tabNumber: number;
      readonly clientId: string | undefined;
    }
  | { readonly kind: "calls"; readonly stream: string; readonly calls: readonly ListenerCall[] }
  | { readonly kind: "outcome"; readonly link: string; readonly round: number; readonly outcome: Packed }
  | { readonly kind: "ended"; readonly stream: string; readonly end: Packed };

/** A call of a method of `LinkListener`. */
export type ListenerCall =
  | readonly ["opened", clientId: string]
  | readonly ["event", LinkEvent]
  | readonly ["cursor", id: string]
  | readonly ["bytes", count: number]
  | readonly ["retry", milliseconds: number]
  | readonly ["warning", Packed];

/** A value with its errors converted to arrays, because structured cloning drops their class and fields. */
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

/** @param localName the tab's own name for a subscription; `undefined` for one of another tab */
export function unpackOutcome(plain: Packed, localName: (name: string) => string | undefined): SubscribeOutcome {
  const [kind, rest] = plain as readonly [SubscribeOutcome["kind"], unknown];
  if (kind === "accepted" || kind === "unknown-cursor") return { kind };
  if (kind !== "refused") return { kind, error: fromPackedError(rest as PackedError) };
  const problems = new Map<string, HeadwaterError>();
  for (const [name, error] of rest as readonly (readonly [string, PackedError])[]) {
    const local = localName(name);
    if (local !== undefined) problems.set(local, fromPackedError(error));
  }
  return { kind, problems };
}
