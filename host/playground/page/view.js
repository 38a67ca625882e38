// Draws: Markdown to elements, messages to bubbles, events to timelines. Nothing here ever parses text as HTML: whatever a
// module writes reaches the page as text nodes.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
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
      const fresh = build(item);
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

// ---- Markdown ------------------------------------------------------------------------------------------------------

const INLINE = new RegExp([
  "`([^`\\n]+)`",                                   // 1 code
  "\\*\\*([^*\\n]+)\\*\\*",                         // 2 bold
  "(?<![\\w*])\\*([^*\\s][^*\\n]*)\\*(?![\\w*])",   // 3 italic
  "\\[([^\\]\\n]+)\\]\\(([^)\\s]+)\\)",             // 4 label, 5 address
  "<sup>(\\d+)</sup>",                              // 6 citation
].join("|"), "g");

function safe_address(address) {
  return /^https?:\/\//i.test(address) ? address : null;
}

function inline(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const [whole, code, bold, italic, label, address, citation] = match;
    if (code !== undefined) parts.push(element("code", {}, code));
    else if (bold !== undefined) parts.push(element("strong", {}, ...inline(bold)));
    else if (italic !== undefined) parts.push(element("em", {}, ...inline(italic)));
    else if (citation !== undefined) parts.push(element("sup", {}, citation));
    else if (safe_address(address))
      parts.push(element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...inline(label)));
    else parts.push(whole);
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

const BULLET = /^\s{0,3}[-*+]\s+(.*)$/, NUMBER = /^\s{0,3}\d+[.)]\s+(.*)$/, QUOTE = /^>\s?(.*)$/, HEADING = /^(#{1,6})\s+(.*)$/;

// Takes lines from `at` while they match, gives the first groups and where it stopped.
function take(lines, at, pattern) {
  const taken = [];
  for (let match; at < lines.length && (match = lines[at].match(pattern)); ++at) taken.push(match[1]);
  return [taken, at];
}

export function markdown(text) {
  const blocks = [], lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) blocks.push(element("p", {}, ...inline(paragraph.join("\n"))));
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    if (line.startsWith("```")) {
      flush();
      let end = at + 1;
      while (end < lines.length && !lines[end].startsWith("```")) ++end;
      blocks.push(element("pre", {}, element("code", {}, lines.slice(at + 1, end).join("\n"))));
      at = end + 1;
    } else if (HEADING.test(line)) {
      flush();
      blocks.push(element("h3", {}, ...inline(line.match(HEADING)[2])));
      ++at;
    } else if (BULLET.test(line) || NUMBER.test(line)) {
      flush();
      const is_bullet = BULLET.test(line);
      const [items, next] = take(lines, at, is_bullet ? BULLET : NUMBER);
      blocks.push(element(is_bullet ? "ul" : "ol", {}, ...items.map((item) => element("li", {}, ...inline(item)))));
      at = next;
    } else if (QUOTE.test(line)) {
      flush();
      const [quoted, next] = take(lines, at, QUOTE);
      blocks.push(element("blockquote", {}, element("p", {}, ...inline(quoted.join("\n")))));
      at = next;
    } else {
      if (line.trim() === "") flush();
      else paragraph.push(line);
      ++at;
    }
  }
  flush();
  return blocks;
}

// ---- Chat ----------------------------------------------------------------------------------------------------------

const MARKS = { RUNNING: "", COMPLETED: "✓", FAILED: "!" };

function step_list(steps) {
  if (!steps.length) return null;
  return element("ul", { class: "steps" }, ...steps.map(({ step }) =>
    element("li", { "data-status": step.status, "data-step": step.id },
      element("span", { class: "mark", role: "img", "aria-label": step.status.toLowerCase() }, MARKS[step.status] ?? ""),
      element("p", {}, ...inline(step.text)))));
}

function reference_list(references) {
  if (!references?.length) return null;
  const sorted = [...references].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
  return element("ul", { class: "references", "aria-label": "Sources" }, ...sorted.map((one) => {
    const address = safe_address(one.url ?? "");
    const name = address ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, one.name) : one.name;
    return element("li", { title: one.description ?? one.sourceId }, element("b", {}, String(one.sequenceNumber)), name);
  }));
}

// One message with its steps; null when there is nothing to show yet.
export function bubble({ message }, steps, module) {
  const is_user = message.role === "USER";
  const shown = steps.filter(({ step }) => step.text !== "");
  if (!message.text && !shown.length && !message.userAbortedAt) return null;
  return element("article", { class: `turn ${is_user ? "user" : "assistant"}`, "data-id": message.id, "data-role": message.role },
    element("div", { class: "who" }, is_user ? "You" : module),
    step_list(shown),
    message.text ? element("div", { class: "bubble" }, element("div", { class: "text" }, ...markdown(message.text))) : null,
    reference_list(message.references),
    message.userAbortedAt ? element("div", { class: "aborted" }, "You stopped this answer.") : null);
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
      ` → ${call.status} `, element("span", { class: "mono" }, `${call.tookMs} ms`), call.fault ? ` (switch ${call.fault})` : ""],
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
