import { fileURLToPath } from "node:url";
import { atExit } from "../lib/at-exit.ts";
import { type TempDir, tempDir } from "../lib/temp-dir.ts";
import { Program } from "./program.ts";

/** An S3 server in its own process, with one bucket: `await using s3 = await startS3()`. */
export interface S3Server extends AsyncDisposable {
  /** The group `s3` of settings that use it. */
  readonly settings: typeof KEYS & { readonly endpoint: string };
  /** Ends the process; what it stores stays. */
  readonly stop: () => Promise<void>;
  /** Starts it again, at the same address. */
  readonly start: () => Promise<void>;
}

const KEYS = {
  enabled: true,
  bucket: "files",
  region: "us-east-1",
  accessKey: "S3RVER",
  secret: "S3RVER",
  forcePathStyle: true,
} as const;

export async function startS3(): Promise<S3Server> {
  const dir = tempDir();
  let { program, port } = await launch(dir, 0);
  const cancelKill = atExit(() => void program.stop("SIGKILL"));
  return {
    settings: { ...KEYS, endpoint: `http://127.0.0.1:${port}` },
    stop: () => program.stop("SIGKILL"),
    start: async () => {
      ({ program, port } = await launch(dir, port));
    },
    async [Symbol.asyncDispose]() {
      await program.stop("SIGKILL");
      cancelKill();
      dir[Symbol.dispose]();
    },
  };
}

async function launch(dir: TempDir, port: number): Promise<{ readonly program: Program; port: number }> {
  const file = fileURLToPath(import.meta.resolve("s3rver/bin/s3rver.js"));
  const address = ["--address", "127.0.0.1", "--port", String(port)];
  // The tokens of its lists are made with DES, which only Node.js has, on request.
  const command = ["node", "--openssl-legacy-provider", file, "--silent", "-d", dir.path];
  const program = new Program([...command, ...address, "--configure-bucket", KEYS.bucket]);
  const [, found] = await program.until(/listening on [\d.]+:(\d+)/);
  return { program, port: Number(found) };
}
