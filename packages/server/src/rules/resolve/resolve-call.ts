import type { Operand } from "./condition.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { CallNode, OperandNode } from "../syntax/syntax-tree.ts";

type ResolveArgument = (argument: OperandNode) => Operand;

const MAX_STRFTIME_ARGUMENTS = 10;

export function resolveCall(call: CallNode, resolve: ResolveArgument): Operand {
  switch (call.name) {
    case "geoDistance":
      return geoDistance(call, resolve);
    case "strftime":
      return strftime(call, resolve);
    default:
      throw new RuleError(`unknown function "${call.name}"`, call.position);
  }
}

function geoDistance(call: CallNode, resolve: ResolveArgument): Operand {
  const { length } = call.arguments;
  if (length !== 4) throw new RuleError(`[geoDistance] expected 4 arguments, got ${length}`, call.position);
  const points = call.arguments.map((argument, index) => {
    if (argument.kind !== "name" && argument.kind !== "number") {
      throw new RuleError(`[geoDistance] argument ${index} must be an identifier or number`, argument.position);
    }
    return argumentOf(argument, resolve, `[geoDistance] failed to resolve argument ${index}`);
  });
  return { kind: "geoDistance", points: [points[0]!, points[1]!, points[2]!, points[3]!] };
}

function argumentOf(argument: OperandNode, resolve: ResolveArgument, failure: string): Operand {
  try {
    return resolve(argument);
  } catch (error) {
    throw error instanceof RuleError ? new RuleError(`${failure}: ${error.reason}`, error.position) : error;
  }
}

function strftime(call: CallNode, resolve: ResolveArgument): Operand {
  const [format, time, ...modifiers] = call.arguments;
  const { length } = call.arguments;
  if (!format) throw new RuleError(`[strftime] expected at least 1 arguments, got ${length}`, call.position);
  if (length > MAX_STRFTIME_ARGUMENTS) {
    const max = `max allowed ${MAX_STRFTIME_ARGUMENTS}, got ${length}`;
    throw new RuleError(`[strftime] too many arguments (${max})`, call.position);
  }
  const formatText = textOf(format, "expects the first argument to be a format string");
  if (time?.kind === "call") {
    throw new RuleError("[strftime] expects the second argument to be of a valid time-value type", time.position);
  }
  return {
    kind: "strftime",
    format: formatText,
    time: time && argumentOf(time, resolve, "[strftime] failed to resolve time-value argument"),
    modifiers: modifiers.map((modifier, index) =>
      textOf(modifier, `invalid modifier argument ${index} - can be only string`),
    ),
  };
}

function textOf(argument: OperandNode, problem: string): string {
  if (argument.kind === "text") return argument.value;
  throw new RuleError(`[strftime] ${problem}`, argument.position);
}
