/** The page that tests a browser's own EventSource: it fetches commands, runs them, and posts the events it receives. */
export const EVENT_SOURCE_PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Testing this browser's EventSource</title>
<script type="module">
const sources = new Map();
let queue = [];
let isPosting = false;
const send = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
async function post(item) {
  queue.push(item);
  if (isPosting) return;
  isPosting = true;
  for (; queue.length > 0; ) await send("/events", queue.splice(0));
  isPosting = false;
}
for (;;) {
  const { id, url, names } = await (await send("/next", {})).json();
  if (url === undefined) {
    sources.get(id)?.close();
    sources.delete(id);
    continue;
  }
  const source = new EventSource(url);
  sources.set(id, source);
  const report = () => post({ id, state: ["connecting", "open", "closed"][source.readyState] });
  report();
  for (const event of ["open", "error"]) source.addEventListener(event, report);
  for (const event of ["message", ...names])
    source.addEventListener(event, ({ data, lastEventId }) => post({ id, event, data, lastEventId }));
}
</script>
`;
