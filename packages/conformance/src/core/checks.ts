/** The requirement does not hold; the message names the fault. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The subject does not offer what the case is about. */
export class NotOffered extends Error {
  override readonly name = "NotOffered";
}

export function check(holds: boolean, fault: string): asserts holds {
  if (!holds) throw new Failure(fault);
}

export function notOffered(reason: string): never {
  throw new NotOffered(reason);
}

/** Any value as JSON, cut to 200 characters. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
