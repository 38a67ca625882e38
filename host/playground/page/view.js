// Draws: messages to bubbles, questions to forms, events to timelines. Nothing here ever parses text as HTML: whatever a
// module writes reaches the page as text nodes.
import { content_of, element, inline, markdown, open_content, safe_address } from "/markdown.js";

export { element };

// What a module sends may have any shape: what can not be drawn becomes a note, and the rest is drawn.
function drawn(build, tag = "p") {
  try {
    return build();
  } catch (error) {
    return element(tag, { class: "hint undrawn" }, `This can not be drawn: ${error.message}`);
  }
}

// Makes the children of `parent` match `items`, keeping those whose key and version did not change, and what is open in
// the others.
export function reconcile(parent, items, { key, version, build }) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item), stamp = String(version(item));
    let child = old.get(id);
    if (!child || child.dataset.version !== stamp) {
      const fresh = drawn(() => build(item), "div");
      fresh.dataset.key = id;
      fresh.dataset.version = stamp;
      if (child) {
        const open = new Set([...child.querySelectorAll("details[open]")].map((one) => one.dataset.key));
        for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.dataset.key);
        fresh.classList.add("still");
        if (child === place) place = child.nextElementSibling;
        child.remove();
      }
      child = fresh;
    }
    old.delete(id);
    if (child === place) place = child.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const gone of old.values()) gone.remove();
}

// ---- Chat ----------------------------------------------------------------------------------------------------------

const MARKS = { RUNNING: "", COMPLETED: "✓", FAILED: "!" };
const LABELS = { GREEN: "good", YELLOW: "warn", RED: "bad" };

const lasted = (ms) => ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;

// Called by the page several times a second: running steps show how long they have been at it.
export function tick() {
  for (const one of document.querySelectorAll("[data-since]")) one.textContent = lasted(Math.max(0, Date.now() - Number(one.dataset.since)));
}

// How long a step took, or, counting, takes.
function duration(step) {
  const began = Date.parse(step.createdAt), ended = Date.parse(step.updatedAt);
  if (step.status === "RUNNING") return element("span", { class: "took", "data-since": began, "aria-hidden": "true" }, lasted(Math.max(0, Date.now() - began)));
  return element("span", { class: "took" }, lasted(Math.max(0, ended - began)));
}

function step_item(step) {
  const data = step.details?.data;
  const details = (Array.isArray(data) ? data : []).filter((one) => one?.text);
  return element("li", { "data-status": step.status, "data-step": step.id },
    element("span", { class: "mark", role: "img", "aria-label": step.status.toLowerCase() }, MARKS[step.status] ?? ""),
    element("div", { class: "what" },
      element("p", {}, ...inline(step.text)),
      details.length ? element("ul", { class: "details" },
        ...details.map((one) => drawn(() => element("li", {}, ...inline(String(one.text))), "li"))) : null,
      reference_list(step.references)),
    duration(step));
}

function step_list(steps) {
  if (!steps.length) return null;
  return element("ul", { class: "steps", "aria-label": "Steps" }, ...steps.map(({ step }) => drawn(() => step_item(step), "li")));
}

function reference_item(one) {
  const address = safe_address(one.url ?? ""), content = content_of(one.url);
  const name = content ? open_content(content, [one.name]) :
    address ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, one.name) : one.name;
  return element("li", { title: one.description ?? one.sourceId }, element("b", {}, String(one.sequenceNumber)), name);
}

function reference_list(references) {
  if (!Array.isArray(references) || !references.length) return null;
  const sorted = [...references].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
  return element("ul", { class: "references", "aria-label": "Sources" }, ...sorted.map((one) => drawn(() => reference_item(one), "li")));
}

function assessment_list(assessments) {
  const shown = (assessments ?? []).filter((one) => one.isVisible !== false);
  if (!shown.length) return null;
  return element("ul", { class: "assessments", "aria-label": "Checks of this answer" }, ...shown.map((one) =>
    element("li", { "data-tone": LABELS[one.label] ?? "", "data-status": one.status, title: one.explanation ?? "" },
      one.status === "PENDING" ? `checking ${one.type.toLowerCase()} …` : `${one.type.toLowerCase()}: ${one.title ?? one.label?.toLowerCase() ?? one.status.toLowerCase()}`)));
}

function progress_of(execution) {
  if (!execution || !["PENDING", "RUNNING"].includes(execution.status)) return null;
  const percent = execution.percentageCompleted ?? 0;
  return element("label", { class: "progress" }, `${execution.progressTitle ?? "Working"} · ${percent} %`,
    element("progress", { max: 100, value: percent }));
}

// Whether there is anything to draw of a message yet.
export const is_visible = ({ message }, steps, execution) => Boolean(message.text || message.userAbortedAt || progress_of(execution)) ||
  steps.some(({ step }) => step.text !== "");

// One visible message with its steps. `is_running`: its turn has not ended.
export function bubble({ message }, steps, module, execution = null, is_running = false) {
  const is_user = message.role === "USER";
  const shown = steps.filter(({ step }) => step.text !== "");
  const progress = progress_of(execution);
  const is_streaming = is_running && Boolean(message.text);
  return element("article", { class: `turn ${is_user ? "user" : "assistant"}${is_streaming ? " streaming" : ""}`, "data-id": message.id,
    "data-role": message.role, "aria-busy": is_streaming ? "true" : null },
    element("div", { class: "who" }, is_user ? "You" : module),
    step_list(shown),
    progress,
    message.text ? element("div", { class: "bubble" }, element("div", { class: "text" }, ...markdown(message.text, message.references ?? []))) : null,
    reference_list(message.references),
    assessment_list(message.assessment),
    message.userAbortedAt ? element("div", { class: "aborted" }, "You stopped this answer.") : null);
}

// ---- Questions to the user -----------------------------------------------------------------------------------------

const is_number = (type) => type === "integer" || type === "number";

// What is shown of a field, and the input in it.
function field(name, schema) {
  const id = `field-${name}`, label = String(schema.title ?? name);
  if (schema.type === "boolean") {
    const box = element("input", { type: "checkbox", name, id });
    return [element("label", { class: "check" }, box, label), box];
  }
  const input = Array.isArray(schema.enum) ?
    element("select", { name, id }, ...schema.enum.map((one) => element("option", { value: one }, String(one)))) :
    element("input", { name, id, type: is_number(schema.type) ? "number" : "text", step: schema.type === "number" ? "any" : null });
  return [element("div", {}, element("label", { for: id }, label), input), input];
}

function answers_in(inputs) {
  const answers = [];
  for (const [name, { input, type }] of inputs) {
    if (type === "boolean") answers.push([name, input.checked]);
    else if (input.value !== "") answers.push([name, is_number(type) ? Number(input.value) : input.value]);
  }
  return Object.fromEntries(answers);
}

const ANSWERED = { ACCEPTED: "You answered.", DECLINED: "You declined.", CANCELLED: "Cancelled.", EXPIRED: "Nobody answered in time." };

// Why the platform shows no form, where this page shows one; empty when it does show it.
export function why_hidden(record, steps) {
  const step = record.metadata?.messageLogId;
  if (!step) return "the platform would not show this: metadata.messageLogId is missing";
  return steps.has(step) ? "" : "the platform would not show this: metadata.messageLogId names no step of this chat";
}

// What a module asks; `respond(action, content)` answers it, `hidden` is from why_hidden().
export function question(record, respond, hidden = "") {
  const is_open = record.status === "PENDING";
  const address = safe_address(record.url ?? "");
  const inputs = new Map();  // by name, not by form.elements: that has members of its own, `item` and `length` among them
  const fields = !is_open ? [] : Object.entries(record.schema?.properties ?? {}).map(([name, schema]) => drawn(() => {
    const [shown, input] = field(name, schema);
    inputs.set(name, { input, type: schema.type });
    return shown;
  }));
  const form = element("form", { class: "bubble question", "data-question": record.id, "data-status": record.status,
    onsubmit: (event) => { event.preventDefault(); respond("ACCEPT", answers_in(inputs)); } },
    element("p", {}, ...inline(record.message)),
    address && is_open ? element("p", {}, element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address)) : null,
    ...fields,
    is_open ? element("div", { class: "buttons" }, element("button", { class: "primary", type: "submit" }, "Answer"),
      element("button", { class: "small decline", type: "button", onclick: () => respond("DECLINE", null) }, "Decline")) :
      element("p", { class: "hint" }, ANSWERED[record.status] ?? record.status),
    is_open && hidden ? element("p", { class: "hint hidden-there" }, hidden) : null);
  return element("div", { class: "turn assistant" }, element("div", { class: "who" }, record.toolName), form);
}

export function typing() {
  return element("div", { class: "turn assistant typing", role: "status", "aria-label": "The module is working" },
    element("div", { class: "bubble" }, element("i"), element("i"), element("i")));
}

// ---- Timeline ------------------------------------------------------------------------------------------------------

const STATES = { completed: "good", dead: "bad", expired: "bad", cancelled: "warn", waiting: "warn", running: "accent", ready: "accent" };
const TONES = { accepted: "good", duplicate: "warn", ignored: "warn", dead_lettered: "bad" };

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function millis(time) {
  return typeof time === "number" ? time : Date.parse(time ?? "");
}

function since(time, start) {
  const gap = millis(time) - millis(start);
  if (!Number.isFinite(gap)) return "";
  return gap < 1000 ? `+${Math.max(0, Math.round(gap))} ms` : `+${(gap / 1000).toFixed(gap < 10000 ? 2 : 1)} s`;
}

// The word of the host's answer: {"status":"accepted",...}.
export function verdict(attempt) {
  try {
    return JSON.parse(attempt.answer).status ?? "";
  } catch {
    return "";
  }
}

function row(tone, when, what, bodies = [], key = "") {
  const line = () => element("div", { class: "line" }, element("div", { class: "what" }, ...what), element("span", { class: "when" }, when));
  const shown = bodies.filter(([, text]) => text);
  if (!shown.length) return element("li", { class: "row", "data-tone": tone }, line());
  return element("li", { class: "row", "data-tone": tone },
    element("details", { "data-key": key }, element("summary", {}, line()),
      ...shown.map(([label, text]) => element("pre", { "data-label": label }, pretty(text)))));
}

function try_row(record, attempt, number) {
  const word = verdict(attempt);
  const tone = attempt.status >= 200 && attempt.status < 300 ? (TONES[word] ?? "good") : "bad";
  const spoiled = attempt.corrupted ? ` (${attempt.corrupted} spoiled)` : "";
  const answer = attempt.status ? `${attempt.status}${word ? " " + word : ""}` : "no answer";
  const made = row(tone, since(attempt.at, record.createdAt),
    [element("b", {}, "Delivered"), `${spoiled} → ${answer} `, element("span", { class: "mono" }, `${attempt.tookMs} ms`)],
    [["answer of the host", attempt.answer]], `${record.key}/try/${number}`);
  made.dataset.row = "delivery";
  made.dataset.status = attempt.status;
  made.dataset.verdict = word;
  return made;
}

function attempt_row(record, one) {
  const tone = one.outcome === "ok" || one.outcome === "completed" ? "good" : one.endedAt ? "bad" : "accent";
  const lasted = one.endedAt ? ` in ${since(one.endedAt, one.startedAt).slice(1)}` : "";
  const made = row(tone, since(one.startedAt, record.createdAt),
    [element("b", {}, `Attempt ${one.n}`), ` ${one.outcome || "running"}${lasted}`], [["detail", one.detail]], `${record.key}/attempt/${one.n}`);
  made.dataset.row = "attempt";
  return made;
}

// "/public/chat/messages/msg_v0nkwan2y4ukiwf8" -> "/messages/msg_v0nk…": whole in the title.
function short_target(target) {
  return target.replace(/^\/public(\/chat(-gen2)?)?(?=\/)/, "").replace(/([a-z]+_[a-z0-9]{4})[a-z0-9]{12,}/g, "$1…");
}

function call_row(record, call) {
  const made = row(call.status < 400 ? "accent" : "bad", since(call.at, record.createdAt),
    [element("b", { class: "mono" }, call.method), " ", element("span", { class: "mono", title: call.target }, short_target(call.target)),
      element("span", { class: "whole" }, ` → ${call.status} `, element("span", { class: "mono" }, `${call.tookMs} ms`)), call.fault ? ` (switch ${call.fault})` : ""],
    [["request", call.requestBody], ["answer", call.responseBody]], `call/${call.number}`);
  made.dataset.row = "call";
  made.dataset.method = call.method;
  made.dataset.target = call.target;
  made.dataset.status = call.status;
  return made;
}

function view_rows(record, view) {
  const rows = [];
  if (!view) return rows;
  if (view.receivedAt) {
    const made = row("good", since(view.receivedAt, record.createdAt), [element("b", {}, "Journaled"), ` for ${view.module || "nobody"}`]);
    made.dataset.row = "journaled";
    rows.push([millis(view.receivedAt), made]);
  }
  for (const one of view.attempts ?? []) rows.push([millis(one.startedAt), attempt_row(record, one)]);
  if (view.endedAt) {
    const made = row(STATES[view.state] ?? "", since(view.endedAt, record.createdAt),
      [element("b", {}, "Ended"), ` ${view.state}${view.reason && view.reason !== "ok" ? `: ${view.reason}` : ""}`], [["detail", view.detail]], `${record.key}/end`);
    made.dataset.row = "ended";
    rows.push([millis(view.endedAt), made]);
  }
  return rows;
}

function badge_of(record, view) {
  const last = record.tries.at(-1);
  if (view?.state && last && verdict(last) !== "duplicate") return [view.state, STATES[view.state] ?? ""];
  if (!last) return ["sending", "warn"];
  if (last.status === 0) return [record.outcome === "retrying" ? "unreachable, retrying" : "unreachable", "bad"];
  if (last.status < 300) return [verdict(last) || "delivered", TONES[verdict(last)] ?? "good"];
  return [`${last.status} ${record.outcome}`, "bad"];
}

// One event: header, what happened in order of time, and its body.
export function event_card(record, view, calls, resend) {
  const rows = record.tries.map((one, number) => [millis(one.at), try_row(record, one, number)]);
  rows.push(...view_rows(record, view));
  for (const call of calls) rows.push([millis(call.at), call_row(record, call)]);
  rows.sort((a, b) => a[0] - b[0]);
  const [word, tone] = badge_of(record, view);
  return element("article", { class: "event", "data-event": record.eventId, "data-name": record.name, "data-state": view?.state ?? "" },
    element("div", { class: "event-head" },
      element("h3", {}, (record.name || "not an event").replace(/^unique\./, ""), element("small", {}, record.eventId || "no id")),
      element("span", { class: "badge", "data-tone": tone }, word)),
    element("ol", { class: "rows" }, ...rows.map(([, made]) => made)),
    element("div", { class: "event-foot" },
      element("details", { "data-key": `${record.key}/body` }, element("summary", {}, "Event body"), element("pre", {}, pretty(record.body))),
      element("button", { class: "small resend", type: "button", title: "Deliver the same bytes again", onclick: () => resend(record.key) }, "Send again")));
}

// Calls that belong to no event.
export function stray_card(calls) {
  return element("article", { class: "event" },
    element("div", { class: "event-head" }, element("h3", {}, "Calls of no known event")),
    element("ol", { class: "rows" }, ...calls.map((call) => call_row({ createdAt: call.at, key: "stray" }, call))));
}
