import { existsSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import type { Transport } from "../load/subscription.ts";
import { recordEvent, type Target } from "./target.ts";

const BINARY = Bun.which("nginx", { PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` });
const MODULE = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"]
  .map((folder) => join(folder, "ngx_nchan_module.so"))
  .find((path) => existsSync(path));

export const hasNchan = BINARY !== null && MODULE !== undefined;

/** nginx's publish/subscribe module: no records, rules or database. Shows what fan-out alone costs in C. */
export async function startNchan(transport: Transport = "sse"): Promise<Target> {
  const dir = tempDir();
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  await Bun.write(join(dir.path, "nginx.conf"), configuration(dir.path, port));
  const child = Bun.spawn(
    [BINARY!, "-p", dir.path, "-c", join(dir.path, "nginx.conf"), "-e", join(dir.path, "error.log")],
    {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const removeExitHandler = atExit(() => child.kill("SIGTERM"));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await child.exited;
    removeExitHandler();
    dir[Symbol.dispose]();
  };
  while (
    !(await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) {
      const reason = await Bun.file(join(dir.path, "error.log")).text();
      await stop();
      throw new Error(`nginx did not start: ${reason}`);
    }
    await Bun.sleep(10);
  }
  return {
    name: "nginx nchan",
    pid: child.pid,
    groups: 1,
    subscription: { url: `${url}/subscribe`, transport },
    publishUrl: `${url}/publish`,
    body: recordEvent,
    [Symbol.asyncDispose]: stop,
  };
}

/** One worker, like the single process of the others, and a buffer large enough not to lose events in a burst. */
const configuration = (dir: string, port: number): string => `
load_module ${MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log warn;
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  nchan_shared_memory_size 256m;
  nchan_message_buffer_length 10000;
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 200; }
    location = /publish { nchan_publisher; nchan_channel_id bench; }
    location = /subscribe { nchan_subscriber eventsource websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; }
  }
}
`;
