// The page's state and wiring: a snapshot from /dev/state, then changes from /dev/stream. Every thing carries a revision;
// the newest seen wins, so that snapshot and stream may overlap in any order.
import { markdown } from "/markdown.js";
import { bubble, element, event_card, is_visible, question, reconcile, stray_card, tick, typing, verdict, why_hidden } from "/view.js";

const $ = (id) => document.getElementById(id);
const TERMINAL = new Set(["completed", "cancelled", "expired", "dead"]);
const VIEW_POLL_MS = 250, VIEW_POLL_SLOW_MS = 2000, VIEW_FAST_FOR_MS = 30_000, TICK_MS = 200;

const state = {
  modules: [], spaceId: "", chatId: "", chats: new Map(), messages: new Map(), steps: new Map(), events: new Map(),
  calls: new Map(), views: new Map(), questions: new Map(), executions: new Map(), templates: [], userId: "", companyId: "", problem: "",
};

// ---- Talking to the stand-in ---------------------------------------------------------------------------------------

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} :
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error([value.message ?? value.error?.message ?? `HTTP ${answer.status}`].flat().join(", "));
  return value;
}

// Runs an action of the user; what goes wrong is shown, not swallowed.
async function attempt(action) {
  state.problem = "";
  try {
    await action();
  } catch (error) {
    state.problem = error.message;
  }
  draw();
}

function keep(map, key, value) {
  const known = map.get(key);
  if (!known || value.revision >= known.revision) map.set(key, value);
}

const CHANGES = {
  chat: (chat) => state.chats.set(chat.id, chat),
  "chat-removed": ({ id }) => state.chats.delete(id),
  message: (one) => { if (one.message.chatId === state.chatId) keep(state.messages, one.message.id, with_shown_text(one)); },
  "message-removed": (one) => state.messages.delete(one.message.id),
  step: (one) => { if (one.chatId === state.chatId) keep(state.steps, one.step.id, one); },
  elicitation: (one) => { if (one.chatId === state.chatId) state.questions.set(one.id, one); },
  execution: (one) => { if (state.messages.has(one.messageId)) state.executions.set(one.messageId, one); },
  event: (one) => { if (is_mine(one)) keep(state.events, one.key, one); },
  call: (one) => { if (is_mine(one)) keep(state.calls, one.number, one); },
};
// Text that is shown while it grows is not stored: until the turn ends, a change without a text takes none away.
function with_shown_text(one) {
  const shown = state.messages.get(one.message.id)?.message;
  if (one.message.text || one.message.completedAt || !shown?.text) return one;
  return { ...one, message: { ...one.message, text: shown.text, references: shown.references } };
}
const is_mine = (one) => one.chatId === "" || one.chatId === state.chatId;

async function load(chatId) {
  const is_other = chatId !== state.chatId;
  if (is_other) for (const map of [state.messages, state.steps, state.events, state.calls, state.questions, state.executions]) map.clear();
  state.chatId = chatId;
  const snapshot = await ask(`/dev/state?chatId=${encodeURIComponent(chatId)}`);
  if (state.chatId !== chatId) return;  // the user went on to another chat meanwhile
  Object.assign(state, { modules: snapshot.modules, userId: snapshot.userId, companyId: snapshot.companyId });
  state.chats = new Map(snapshot.chats.map((chat) => [chat.id, chat]).reverse());
  for (const one of snapshot.messages) keep(state.messages, one.message.id, one);
  for (const one of snapshot.steps) keep(state.steps, one.step.id, one);
  for (const one of snapshot.elicitations) state.questions.set(one.id, one);
  for (const one of snapshot.executions) state.executions.set(one.messageId, one);
  for (const one of snapshot.events) keep(state.events, one.key, one);
  for (const one of snapshot.calls) keep(state.calls, one.number, one);
  const home = state.chats.get(chatId)?.spaceId;
  if (state.modules.some((module) => module.spaceId === home)) state.spaceId = home;
  state.spaceId ||= state.modules[0]?.spaceId ?? "";
  $("webhook").textContent = snapshot.webhookUrl;
  const fault = document.querySelector(`#faults input[value="${CSS.escape(snapshot.faults.mode)}"]`);
  if (fault) fault.checked = true;
  if (snapshot.faults.mode !== "none") $("fault-path").value = snapshot.faults.sparesChat ? "work" : snapshot.faults.path;
  draw();
}

function connect() {
  const stream = new EventSource("/dev/stream");
  const show = (word) => {
    $("link").dataset.state = word === "live" ? "live" : "lost";
    $("link").lastElementChild.textContent = word;
  };
  stream.addEventListener("hello", () => {
    show("live");
    attempt(() => load(state.chatId));
  });
  for (const [kind, change] of Object.entries(CHANGES))
    stream.addEventListener(kind, (event) => {
      change(JSON.parse(event.data));
      draw();
    });
  stream.onerror = () => show("reconnecting");
}

// The host's view as the timeline draws it; the host writes unix milliseconds, and 0 for "not yet".
function view_of(answer) {
  if (!answer) return null;
  const word = answer.state.toLowerCase();
  return {
    state: word, module: answer.module, reason: answer.reason, detail: answer.detail, receivedAt: answer.received_at_ms,
    endedAt: TERMINAL.has(word) ? answer.updated_at_ms : 0,
    attempts: (answer.timeline ?? []).map((one) => ({
      n: one.attempt, startedAt: one.started_at_ms, endedAt: one.ended_at_ms, outcome: one.outcome, detail: one.detail })),
  };
}

// The host's own view of accepted events is asked for until they have ended.
async function watch_views() {
  const now = Date.now();
  let is_fast = false;
  for (const record of state.events.values()) {
    const was_taken = record.tries.some((one) => one.status === 200 && verdict(one) !== "ignored");
    const known = state.views.get(record.eventId);
    if (!record.eventId || !was_taken || TERMINAL.has(known?.state)) continue;
    is_fast ||= now - Date.parse(record.createdAt) < VIEW_FAST_FOR_MS;
    const view = view_of(await ask(`/dev/view?eventId=${encodeURIComponent(record.eventId)}`).catch(() => null));
    if (!view || JSON.stringify(view) === JSON.stringify(known)) continue;
    state.views.set(record.eventId, view);
    draw();
  }
  setTimeout(watch_views, is_fast ? VIEW_POLL_MS : VIEW_POLL_SLOW_MS);
}

// ---- Drawing -------------------------------------------------------------------------------------------------------

let is_drawing = false;
function draw() {
  if (is_drawing) return;
  is_drawing = true;
  requestAnimationFrame(() => {
    is_drawing = false;
    draw_sides();
    draw_chat();
    draw_timeline();
  });
}

const module_name = (spaceId) => state.modules.find((module) => module.spaceId === spaceId)?.name ?? "";

function draw_sides() {
  reconcile($("modules"), state.modules, {
    key: (module) => module.spaceId,
    version: (module) => module.name,
    build: (module) => element("label", { class: "pick" },
      element("input", { type: "radio", name: "module", value: module.spaceId, onchange: () => choose_module(module.spaceId) }), module.name),
  });
  for (const input of $("modules").querySelectorAll("input")) input.checked = input.value === state.spaceId;
  reconcile($("chats"), [...state.chats.values()].reverse().slice(0, 50), {
    key: (chat) => chat.id,
    version: (chat) => `${chat.title}/${chat.id === state.chatId}`,
    build: (chat) => element("button", { class: "pick", type: "button", role: "listitem", "aria-current": chat.id === state.chatId ? "true" : null,
      onclick: () => attempt(() => load(chat.id)) }, chat.title || "untitled", element("small", {}, module_name(chat.spaceId))),
  });
  const chat = state.chats.get(state.chatId);
  $("chat-title").textContent = chat?.title || (state.chatId ? "Chat" : "New chat");
  $("chat-id").textContent = state.chatId;
}

const is_unfinished = ({ isTurn, message }) =>
  isTurn && !message.completedAt && !message.stoppedStreamingAt && !message.userAbortedAt;

function draw_chat() {
  const chat = $("chat");
  const is_at_end = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const module = module_name(state.chats.get(state.chatId)?.spaceId) || "Module";
  const steps_of = (id) => [...state.steps.values()].filter(({ step }) => step.messageId === id)
    .sort((a, b) => a.step.order - b.step.order);
  const ordered = [...state.messages.values()].sort((a, b) => a.position - b.position);
  const items = [];
  for (const one of ordered) {
    const steps = steps_of(one.message.id);
    const execution = state.executions.get(one.message.id);
    if (!is_visible(one, steps, execution)) continue;
    items.push({ key: one.message.id, version: [one.revision, execution?.updatedAt, ...steps.map((step) => step.revision)].join(),
      build: () => bubble(one, steps, module, execution, is_unfinished(one)) });
  }
  for (const one of state.questions.values()) {
    const hidden = why_hidden(one, state.steps);
    items.push({ key: one.id, version: `${one.updatedAt}/${hidden}`,
      build: () => question(one, (action, content) => answer_question(one.id, action, content), hidden) });
  }
  const running = ordered.filter(is_unfinished);
  const hopeless = running.length ? why_no_answer() : "";
  if (!hopeless && running.some(({ message }) => !message.text)) items.push({ key: "typing", version: 1, build: typing });
  if (!items.length) items.push({ key: "welcome", version: state.spaceId, build: welcome });
  reconcile(chat, items, { key: (item) => item.key, version: (item) => item.version, build: (item) => item.build() });
  if (is_at_end) chat.scrollTop = chat.scrollHeight;
  lock(running.length > 0);
  draw_notice(state.problem || hopeless, state.problem ? "bad" : "");
}

function welcome() {
  const text = "make me a demo please";
  const name = module_name(state.spaceId);
  return element("div", { class: "welcome" },
    element("strong", {}, name ? `Talk to ${name}` : "No modules are configured"),
    element("span", {}, name ? "A signed event goes to your host, its plugin answers through the API, and you watch both ends." :
      "Add one under modules: in modules.yaml and start again."),
    name ? element("div", {}, element("button", { type: "button", onclick: () => take_prompt(text) }, text)) : null);
}

function lock(is_locked) {
  $("ask").toggleAttribute("data-locked", is_locked);
  $("message").disabled = is_locked;
  $("message").placeholder = is_locked ? "Waiting for the answer" : `Message ${module_name(state.spaceId)}`;
  $("send").disabled = is_locked || !state.spaceId;
  $("stop").hidden = !is_locked;
  if (!is_locked && lock.was_locked && document.activeElement === document.body) $("message").focus();
  lock.was_locked = is_locked;
}

const fault_mode = () => document.querySelector("#faults input:checked").value;
const fault_scope = () => {
  const path = $("fault-path").value;
  return path === "work" ? { path: "", sparesChat: true } : { path, sparesChat: false };
};

// Why a locked chat will stay so, in words; empty while an answer may still come.
function why_no_answer() {
  const last = [...state.events.values()].filter((one) => one.name === "unique.chat.external-module.chosen").at(-1);
  const answer = last?.tries.at(-1);
  if (!answer || last.outcome === "sending") return "";
  const word = verdict(answer);
  if (answer.status === 0) return `The host does not answer at ${$("webhook").textContent}: ${answer.answer}`;
  if (word === "ignored") return `The host ignored this event: no module named ${last.module} is configured. Stop unlocks the input.`;
  if (word === "dead_lettered") return "The host could not use this event: see its answer in the timeline.";
  const is_chat_hit = ["", "/messages"].includes($("fault-path").value) && ["429", "500"].includes(fault_mode());
  if (state.views.get(last.eventId)?.state === "dead" && is_chat_hit)
    return "The module failed, and the API takes no apology either: it appears when the API is fine again.";
  if (answer.status >= 300) return `The host refused this event with ${answer.status}: see its answer in the timeline.`;
  return "";
}

function draw_notice(text, kind) {
  $("notice").hidden = !text;
  $("notice").dataset.kind = kind;
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

function draw_timeline() {
  const calls = new Map();
  for (const call of state.calls.values()) {
    const key = state.events.has(call.eventKey) ? call.eventKey : "";
    calls.set(key, [...(calls.get(key) ?? []), call]);
  }
  const cards = [...state.events.values()].reverse().map((record) => {
    const view = state.views.get(record.eventId), mine = calls.get(record.key) ?? [];
    return { key: record.key, version: [record.revision, JSON.stringify(view ?? null), mine.length].join("/"),
      build: () => event_card(record, view, mine, resend) };
  });
  const strays = calls.get("") ?? [];
  if (strays.length) cards.push({ key: "strays", version: strays.length, build: () => stray_card(strays) });
  reconcile($("timeline"), cards, { key: (card) => card.key, version: (card) => card.version, build: (card) => card.build() });
  $("timeline-empty").hidden = cards.length > 0;
}

// ---- What the user does --------------------------------------------------------------------------------------------

const resend = (key) => attempt(() => ask("/dev/resend", { key }));

function choose_module(spaceId) {
  state.spaceId = spaceId;
  const home = state.chats.get(state.chatId)?.spaceId;
  if (home && home !== spaceId) attempt(() => load(""));  // a chat belongs to its space
  else draw();
  fill_template();
}

function send_message(event) {
  event.preventDefault();
  const text = $("message").value.trim();
  if (!text || $("message").disabled || !state.spaceId) return;
  $("message").value = "";
  grow();
  attempt(async () => {
    const made = await ask("/dev/messages", { spaceId: state.spaceId, chatId: state.chatId || null, text });
    await load(made.chatId);
  });
}

const answer_question = (id, action, content) => attempt(async () => {
  const record = await ask("/dev/elicitation", { id, action, content });
  state.questions.set(record.id, record);
});

// A source of an answer, in a window over the page.
const open_document = (id) => attempt(async () => {
  const found = await ask(`/dev/document?contentId=${encodeURIComponent(id)}`);
  $("document-title").textContent = found.title || found.key;
  $("document-key").textContent = found.key;
  $("document-text").replaceChildren(...(found.text === null ? [element("p", { class: "empty" },
    `${found.mimeType || "A file"} of ${found.byteSize ?? 0} bytes: it can be downloaded through the API, not shown here.`)] :
    markdown(found.text.replace(/^# .*\n/, "").replace(/([^\n])\n(?=[^\n#>|*\d\s-])/g, "$1 "))));
  $("document").showModal();
  $("document-text").scrollTop = 0;
});

function take_prompt(text) {
  $("message").value = text;
  grow();
  $("message").focus();
}

const stop = () => attempt(() => ask("/dev/stop", { chatId: state.chatId }));
const new_chat = () => attempt(async () => { await load(""); $("message").focus(); });

function grow() {
  const box = $("message");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
}

function new_id(prefix) {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  return prefix + [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => alphabet[byte % 36]).join("");
}

let filled = "";  // what the template gave: unedited, it gets new ids after it was sent

// A template with its {{names}} replaced; "{{now}}" alone becomes a number.
function fill_template() {
  const template = state.templates[$("template").selectedIndex];
  if (!template) return;
  const chat = state.chats.get(state.chatId);
  const now = new Date();
  const values = {
    eventId: new_id("evt_"), now: Math.floor(now / 1000), nowText: String(Math.floor(now / 1000)),
    isoNow: now.toISOString(), chatId: chat?.id ?? new_id("chat_"), spaceId: chat?.spaceId || state.spaceId,
    module: module_name(state.spaceId) || "DemoApp", userId: state.userId,
    companyId: state.companyId, userMessageId: new_id("msg_"), assistantMessageId: new_id("msg_"),
  };
  const fill = (value) => {
    if (Array.isArray(value)) return value.map(fill);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]));
    if (typeof value !== "string") return value;
    if (value === "{{now}}") return values.now;
    return value.replace(/\{\{(\w+)\}\}/g, (whole, name) => values[name] ?? whole);
  };
  filled = $("event-body").value = JSON.stringify(fill(template.event), null, 2);
}

const send_event = () => attempt(async () => {
  const made = await ask("/dev/events", { body: $("event-body").value, corrupt: $("corrupt").value });
  await load(made.chatId || state.chatId);
  if ($("event-body").value === filled) fill_template();
});

function set_theme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch { /* a private window keeps nothing */ }
}

function wire() {
  $("ask").addEventListener("submit", send_message);
  $("message").addEventListener("input", grow);
  $("message").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send_message(event);
  });
  $("stop").addEventListener("click", stop);
  $("new-chat").addEventListener("click", new_chat);
  $("send-event").addEventListener("click", send_event);
  $("template").addEventListener("change", fill_template);
  $("composer").addEventListener("toggle", () => { if ($("composer").open && !$("event-body").value) fill_template(); });
  $("faults").addEventListener("change", () => attempt(() => ask("/dev/faults", { mode: fault_mode(), ...fault_scope() })));
  $("theme").addEventListener("click", () => {
    const is_dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    set_theme(is_dark ? "light" : "dark");
  });
  for (const tab of document.querySelectorAll(".tabs button"))
    tab.addEventListener("click", () => {
      document.querySelector(".columns").dataset.tab = tab.dataset.tab;
      for (const other of document.querySelectorAll(".tabs button")) other.toggleAttribute("aria-current", false);
      tab.setAttribute("aria-current", "true");
    });
  document.addEventListener("page:document", (event) => open_document(event.detail));
  document.addEventListener("page:prompt", (event) => take_prompt(event.detail));
  $("document-close").addEventListener("click", () => $("document").close());
  $("document").addEventListener("click", (event) => { if (event.target === $("document")) $("document").close(); });
  setInterval(tick, TICK_MS);
  document.addEventListener("keydown", (event) => {
    if ($("document").open) return;  // its own Escape closes it
    if (event.key === "Escape" && !$("stop").hidden) stop();
    if (event.altKey && event.code === "KeyN") { event.preventDefault(); new_chat(); }
    if (event.key === "/" && event.target === document.body) { event.preventDefault(); $("message").focus(); }
  });
}

async function main() {
  try {
    const theme = localStorage.getItem("theme");
    if (theme) set_theme(theme);
  } catch { /* a private window keeps nothing */ }
  wire();
  connect();
  watch_views();
  state.templates = await ask("/templates.json");
  $("template").append(...state.templates.map((template) => element("option", {}, template.label)));
  $("message").focus();
}

main();
