/** A server that does nothing. What it takes to answer is what the machine takes, whoever else is busy on it. */
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("{}") });
process.send!(`http://127.0.0.1:${server.port}`);
