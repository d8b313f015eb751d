/** The process that holds the subscribers, so that reading takes nothing from the writer or the server. */
import { Readers } from "./readers.ts";
import type { ReaderReply, ReaderRequest } from "./reader-process.ts";

const readers = new Readers();

async function answer(message: ReaderRequest): Promise<ReaderReply> {
  if (message.do === "finish") return { result: await readers.finish() };
  if (message.do === "open") await readers.open(message.target, message.subscribers);
  else if (message.do === "begin") readers.begin(message.events);
  else readers.close();
  return {};
}

// Killed or not, the parent takes its readers with it.
process.on("disconnect", () => process.exit());

process.on("message", (message: ReaderRequest) => {
  void answer(message).then(
    (reply) => process.send!(reply),
    (error: unknown) => process.send!({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
