import type { Operand } from "./condition.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { CallNode, OperandNode, TextNode } from "../syntax/syntax-tree.ts";

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
  const [lonA, latA, lonB, latB, ...rest] = call.arguments.map((argument) => {
    if (argument.kind === "name" || argument.kind === "number") return resolve(argument);
    throw new RuleError("an argument of geoDistance must be a name or a number", argument.position);
  });
  if (!lonA || !latA || !lonB || !latB || rest.length > 0) {
    throw new RuleError(`geoDistance takes 4 arguments, not ${call.arguments.length}`, call.position);
  }
  return { kind: "geoDistance", points: [lonA, latA, lonB, latB] };
}

function strftime(call: CallNode, resolve: ResolveArgument): Operand {
  const [format, time, ...modifiers] = call.arguments;
  if (!format || call.arguments.length > MAX_STRFTIME_ARGUMENTS) {
    const count = `1 to ${MAX_STRFTIME_ARGUMENTS} arguments, not ${call.arguments.length}`;
    throw new RuleError(`strftime takes ${count}`, call.position);
  }
  if (time?.kind === "call") throw new RuleError("the time of strftime can't be a function", time.position);
  return {
    kind: "strftime",
    format: textOf(format, "the format").value,
    time: time && resolve(time),
    modifiers: modifiers.map((modifier) => textOf(modifier, "a modifier").value),
  };
}

function textOf(argument: OperandNode, what: string): TextNode {
  if (argument.kind === "text") return argument;
  throw new RuleError(`${what} of strftime must be a text`, argument.position);
}
