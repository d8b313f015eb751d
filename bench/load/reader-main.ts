/** The subscriber process: separate, so that reading does not slow down the writer or the server. */
import { Readers } from "./readers.ts";
import type { ReaderReply, ReaderRequest } from "./reader-process.ts";

const readers = new Readers();

async function handle(message: ReaderRequest): Promise<ReaderReply> {
  switch (message.do) {
    case "open":
      await readers.open(message.subscription, message.subscribers, message.resume);
      return {};
    case "begin":
      readers.begin(message.groups);
      return {};
    case "reached":
      return { reached: await readers.reached(message.deliveries) };
    case "receivedChunks":
      return { reached: await readers.receivedChunks(message.chunks) };
    case "finish":
      return { phase: readers.finish(message.events) };
    case "churn":
      return { cycles: await readers.churn(message.subscription, message.milliseconds, message.lanes) };
    case "close":
      readers.close();
      return {};
  }
}

// Exits with the parent, even if the parent is killed.
process.on("disconnect", () => process.exit());

process.on("message", (message: ReaderRequest) => {
  void handle(message).then(
    (reply) => process.send!(reply),
    (error: unknown) => process.send!({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
