import type { Operand } from "./condition.ts";

/** An operand and those it is computed from. */
export function partsOf(operand: Operand): readonly Operand[] {
  if (operand.kind === "geoDistance") return operand.points.flatMap(partsOf);
  if (operand.kind === "strftime") return [operand, ...(operand.time ? partsOf(operand.time) : [])];
  if (operand.kind === "changed") return [operand.isset, operand.submitted, operand.stored];
  return [operand];
}
