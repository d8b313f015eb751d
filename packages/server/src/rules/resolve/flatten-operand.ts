import type { Operand } from "./condition.ts";

/** An operand and the operands that it is computed from. */
export function flattenOperand(operand: Operand): readonly Operand[] {
  if (operand.kind === "geoDistance") return operand.points.flatMap(flattenOperand);
  if (operand.kind === "strftime") return [operand, ...(operand.time ? flattenOperand(operand.time) : [])];
  if (operand.kind === "changed") return [operand.isset, operand.submitted, operand.stored];
  return [operand];
}
