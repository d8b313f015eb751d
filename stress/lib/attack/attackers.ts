/** A request that is not answered by then hangs. */
const HANG_MS = 45_000;

export interface Shot {
  readonly body?: RequestInit["body"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  /** The guest's number: each has an address of its own. */
  readonly guest?: number;
  /** Milliseconds after which the attacker leaves without an answer. */
  readonly leaveAfter?: number;
}

/** The answer to an attack. `closed`: the server cut the connection; `left`: the attacker did; `hung`: neither. */
export type Answer = number | "closed" | "left" | "hung";

/** Sends requests that are meant to do harm, and counts the answers. */
export class Attackers {
  readonly #url: string;
  readonly #answers = new Map<Answer, number>();
  /** Bytes of the largest answer. */
  largestAnswer = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async send(method: string, path: string, shot: Shot = {}): Promise<Answer> {
    const answer = await this.#answerTo(method, path, shot);
    this.count(answer);
    return answer;
  }

  /** Counts an answer that came another way. */
  count(answer: Answer): void {
    this.#answers.set(answer, (this.#answers.get(answer) ?? 0) + 1);
  }

  get answers(): ReadonlyMap<Answer, number> {
    return this.#answers;
  }

  async #answerTo(
    method: string,
    path: string,
    { body, headers, token, guest = 0, leaveAfter }: Shot,
  ): Promise<Answer> {
    const leaving = leaveAfter !== undefined && leaveAfter < HANG_MS;
    try {
      const response = await fetch(this.#url + path, {
        method,
        headers: { ...addressOf(guest), ...(token !== undefined && { authorization: token }), ...headers },
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(leaving ? leaveAfter : HANG_MS),
      });
      let bytes = 0;
      for await (const chunk of response.body ?? []) bytes += chunk.length;
      this.largestAnswer = Math.max(this.largestAnswer, bytes);
      return response.status;
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") return leaving ? "left" : "hung";
      return "closed";
    }
  }
}

/** The header in which a proxy would send a guest's address. Each guest has its own network. */
export const addressOf = (guest: number): Readonly<Record<string, string>> => ({
  "x-forwarded-for": `10.${(guest >> 8) & 255}.${guest & 255}.7`,
});
