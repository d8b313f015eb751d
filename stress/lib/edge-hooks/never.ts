/** Hooks of an application with a fault: creating an essay never ends. */
import type { Extendable } from "headwater";

export default (app: Extendable): void => {
  app.before("create", "essays", () => new Promise<void>(() => {}));
};
