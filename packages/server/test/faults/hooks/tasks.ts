import type { Extendable } from "headwater";

export default (app: Extendable): void => {
  app.tasks.define(
    "count",
    async (_, run) => {
      for (let step = 1; step <= 20; step += 1) {
        run.progress({ step });
        await run.flushed();
      }
      return "done";
    },
    { startRule: "" },
  );
};
