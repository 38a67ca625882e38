// Markdown to elements, as the platform's chat shows it: citations, links to contents, prompt buttons. Nothing here ever
// parses text as HTML: what a module writes reaches the page as text nodes and as attributes that were looked at.

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


// ---- Where links lead ----------------------------------------------------------------------------------------------

export function safe_address(address) {
  return /^https?:\/\//i.test(address) ? address : null;
}

// "unique://content/cont_1" -> "cont_1".
export function content_of(address) {
  return /^unique:\/\/content\/([\w-]+)$/.exec(address ?? "")?.[1] ?? null;
}

// Asks the page for something: it listens on the document, this file knows nothing of it.
const ask_page = (what, detail) => document.dispatchEvent(new CustomEvent(`page:${what}`, { detail }));

export function open_content(id, label, attributes = {}) {
  return element("button", { type: "button", class: "document-link", "data-content": id, ...attributes,
    onclick: () => ask_page("document", id) }, ...label);
}

function prompt_in(address) {
  if (!/^https:\/\/prompt=/i.test(address)) return null;
  try {
    return decodeURIComponent(address.slice("https://prompt=".length).replaceAll("+", " "));
  } catch {
    return null;
  }
}

function link(label, address) {
  const prompt = prompt_in(address), content = content_of(address);
  if (prompt !== null) return element("button", { type: "button", class: "prompt", onclick: () => ask_page("prompt", prompt) }, label);
  if (content) return open_content(content, [label || content]);
  if (safe_address(address)) return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...inline(label));
  return null;
}

// A number over the line that opens its source; without a source it stays a number.
function citation(number, references) {
  const source = references.find((one) => String(one.sequenceNumber) === number);
  if (!source) return element("sup", {}, number);
  const about = { title: source.name, "aria-label": `Source ${number}: ${source.name}` };
  const content = content_of(source.url);
  if (content) return element("sup", {}, open_content(content, [number], about));
  const address = safe_address(source.url ?? "");
  return element("sup", about, address ? element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, number) : number);
}

// ---- Markdown ------------------------------------------------------------------------------------------------------

// A label holds no "[" and an address no "](": else each of a hundred thousand of them is a scan to the line's end.
const INLINE = new RegExp([
  "`([^`\\n]+)`",                                   // 1 code
  "\\*\\*([^*\\n]+)\\*\\*",                         // 2 bold
  "(?<![\\w*])\\*([^*\\s][^*\\n]*)\\*(?![\\w*])",   // 3 italic
  "!?\\[([^[\\]\\n]{0,300})\\]\\(((?:(?!\\]\\()[^)\\s])+)\\)",  // 4 label, 5 address
  "<sup>(\\d+)</sup>",                              // 6 citation
  "<follow-up-question>([^<\\n]*)</follow-up-question>",  // 7 a question to ask next
].join("|"), "g");

export function inline(text, references = []) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const [whole, code, bold, italic, label, address, number, question] = match;
    if (code !== undefined) parts.push(element("code", {}, code));
    else if (bold !== undefined) parts.push(element("strong", {}, ...inline(bold, references)));
    else if (italic !== undefined) parts.push(element("em", {}, ...inline(italic, references)));
    else if (number !== undefined) parts.push(citation(number, references));
    else if (question !== undefined) parts.push(element("button", { type: "button", class: "prompt", onclick: () => ask_page("prompt", question) }, question));
    else parts.push(link(label, address) ?? whole);
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

export function markdown(text, references = []) {
  const inline_here = (part) => inline(part, references);
  const blocks = [], lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) blocks.push(element("p", {}, ...inline_here(paragraph.join("\n"))));
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
      blocks.push(element("h3", {}, ...inline_here(line.match(HEADING)[2])));
      ++at;
    } else if (BULLET.test(line) || NUMBER.test(line)) {
      flush();
      const is_bullet = BULLET.test(line);
      const [items, next] = take(lines, at, is_bullet ? BULLET : NUMBER);
      blocks.push(element(is_bullet ? "ul" : "ol", {}, ...items.map((item) => element("li", {}, ...inline_here(item)))));
      at = next;
    } else if (QUOTE.test(line)) {
      flush();
      const [quoted, next] = take(lines, at, QUOTE);
      blocks.push(element("blockquote", {}, element("p", {}, ...inline_here(quoted.join("\n")))));
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
