import { expect, test } from "bun:test";
import { TurnShare } from "./turn-share.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Works that take 3 ms each by a clock of their own, and after how many turns each was done. */
async function doneInTurns(count: number, share: TurnShare, clock: { now: number }): Promise<number[]> {
  let turns = 0;
  const done: number[] = [];
  const all = Array.from({ length: count }, async () => {
    const pause = share.pause(clock.now);
    if (pause) await pause;
    // As where a generator hands a piece on.
    for (let hop = 0; hop < 5; hop += 1) await Promise.resolve();
    clock.now += 3;
    done.push(turns);
  });
  while (done.length < count) {
    await turn();
    turns += 1;
  }
  await Promise.all(all);
  return done;
}

test("works that wait go on a few a turn, however many wait", async () => {
  const clock = { now: 0 };
  const share = new TurnShare(4, () => clock.now);
  clock.now = 5;
  void share.pause(0);
  const done = await doneInTurns(20, share, clock);
  const perTurn = Object.values(Object.groupBy(done, String)).map((each) => each!.length);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(2);
});

test("one work never waits while its turn has time left", async () => {
  const share = new TurnShare(4, () => 0);
  for (let i = 0; i < 5; i += 1) {
    expect(share.pause(0)).toBeUndefined();
    await turn();
    await turn();
  }
});
