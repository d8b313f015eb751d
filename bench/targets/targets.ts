import { hasNode, startBare, startWsPackage } from "./bare.ts";
import { hasNchan, startNchan } from "./nchan.ts";
import type { Transport } from "../load/readers.ts";
import { recordTargets, startRecordTarget } from "./record-target.ts";
import type { Rule } from "./rules.ts";
import type { Target } from "./target.ts";

type Start = () => Promise<Target>;

/** Our server first, then what it is compared with; servers without rules only where the rule is that there is none. */
export const targetsOf = (rule: Rule, subscribers: number, transport: Transport): readonly Start[] => [
  ...(transport === "ws" ? ourTransports(rule, subscribers) : recordTargets(rule, subscribers)),
  ...(rule === "public" ? plainTargets(transport) : []),
];

/** On WebSockets we are compared with our own event streams first. */
const ourTransports = (rule: Rule, subscribers: number): readonly Start[] =>
  (["ws", "sse"] as const).map((transport) => () => startRecordTarget("headwater", rule, subscribers, transport));

const plainTargets = (transport: Transport): readonly Start[] => [
  ...(hasNchan ? [() => startNchan(transport)] : []),
  ...(transport === "ws" && hasNode ? [startWsPackage] : []),
  () => startBare(transport),
];
