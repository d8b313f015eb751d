import { hasNode, startBaseline, startWsPackage } from "./baseline.ts";
import { hasNchan, startNchan } from "./nchan.ts";
import type { Transport } from "../load/subscription.ts";
import { recordTargets, startRecordTarget } from "./record-target.ts";
import type { Rule } from "./rules.ts";
import type { Target } from "./target.ts";

type Start = () => Promise<Target>;

/** Headwater first, then its peers. Servers without rules are included only for the public rule. */
export const targetsOf = (rule: Rule, subscribers: number, transport: Transport): readonly Start[] => [
  ...(transport === "ws" ? ourTransports(rule, subscribers) : recordTargets(rule, subscribers)),
  ...(rule === "public" ? plainTargets(transport) : []),
];

/** For WebSockets, the first peer is Headwater's own event streams. */
const ourTransports = (rule: Rule, subscribers: number): readonly Start[] =>
  (["ws", "sse"] as const).map((transport) => () => startRecordTarget("headwater", rule, subscribers, transport));

const plainTargets = (transport: Transport): readonly Start[] => [
  ...(hasNchan ? [() => startNchan(transport)] : []),
  ...(transport === "ws" && hasNode ? [startWsPackage] : []),
  () => startBaseline(transport),
];
