import { newId, openStore, signIn, todosIn } from "./client.ts";

const find = (selector) => document.querySelector(selector);
const url = location.origin;

/** A user who signed in before doesn't need a network. */
const stored = localStorage.getItem("account");
if (stored) show(JSON.parse(stored));

find("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = event.target.elements;
  try {
    const account = await signIn(url, name.value, password.value);
    localStorage.setItem("account", JSON.stringify(account));
    show(account);
  } catch (error) {
    alert(error.message);
  }
});

function show(account) {
  const store = openStore(url, account);
  void listen(account, store);
  find("#sign-in").hidden = true;
  find("main").hidden = false;
  store.subscribe(todosIn, { onData: (todos) => draw(store, todos) });

  find("#add").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = event.target.elements.text.value;
    const created = new Date().toISOString().replace("T", " ");
    const data = { text, done: false, author: account.id, created };
    void store.mutate.create({ collection: "todos", id: newId(), data });
    event.target.reset();
  });
  find("#sweep").addEventListener("click", () => store.mutate.sweep({ author: account.id }));
  setInterval(() => countWaiting(store), 500);
}

function draw(store, todos) {
  const items = todos.map(({ id, text, done }) => {
    const [item, label, box, remove] = ["li", "label", "input", "button"].map((name) => document.createElement(name));
    item.className = done ? "done" : "";
    box.type = "checkbox";
    box.checked = done;
    box.addEventListener("change", () => store.mutate.update({ collection: "todos", id, data: { done: box.checked } }));
    remove.textContent = "×";
    remove.addEventListener("click", () => store.mutate.delete({ collection: "todos", id }));
    label.append(box, ` ${text} `);
    item.append(label, remove);
    return item;
  });
  find("ul").replaceChildren(...items);
}

async function countWaiting(store) {
  const { length } = await store.experimentalPendingMutations();
  find("#waiting").textContent = length > 0 ? `${length} not sent yet` : "";
}

/** Pulls when the server sends a poke. When the stream ends, reconnects with a new ticket. */
async function listen({ token }, store) {
  const reconnect = () => setTimeout(() => listen({ token }, store), 500 + Math.random() * 1_000);
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const { ticket } = await (await fetch(`${url}/api/v1/replicache/ticket`, { method: "POST", headers })).json();
    const source = new EventSource(`${url}/api/v1/replicache/stream?ticket=${ticket}`);
    source.addEventListener("message", ({ data }) => data !== "ping" && store.pull());
    source.addEventListener("error", () => {
      source.close();
      reconnect();
    });
  } catch {
    reconnect();
  }
}
