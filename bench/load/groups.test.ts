import { expect, test } from "bun:test";
import { deliveriesOf, expectedOf } from "./groups.ts";

test.each([
  { subscribers: 5, count: 1 },
  { subscribers: 5, count: 5 },
  { subscribers: 10, count: 4 },
  { subscribers: 3, count: 7 },
])("counts and sums equal those of counting one by one: %p", (groups) => {
  for (let events = 0; events < 20; events += 1) {
    let deliveries = 0;
    for (let subscriber = 0; subscriber < groups.subscribers; subscriber += 1) {
      const own = Array.from({ length: events }, (_, event) => event).filter(
        (event) => event % groups.count === subscriber % groups.count,
      );
      deliveries += own.length;
      expect(expectedOf(groups, subscriber, events)).toEqual({
        count: own.length,
        sum: own.reduce((sum, event) => sum + event, 0),
      });
    }
    expect(deliveriesOf(groups, events)).toBe(deliveries);
  }
});
