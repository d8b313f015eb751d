import { setPriority } from "node:os";
import { endWithParent } from "../../lib/process-signals.ts";
import { makeThumb } from "./make-thumb.ts";
import type { ThumbJob } from "./thumb-messages.ts";

/** Other work comes first. */
const NICENESS = 10;

endWithParent();
setPriority(NICENESS);
process.on("message", (job: ThumbJob) => void makeThumb(job).then((reply) => process.send!(reply)));
process.on("disconnect", () => process.exit());
