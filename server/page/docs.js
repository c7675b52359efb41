// The page shows /openapi.json and sends requests to the server that it came from.
// The key stays in the field: it is not kept anywhere.
"use strict";

const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = value; else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
};

let spec;

const resolve = (schema) => {
  for (let n = 0; schema && schema.$ref && n < 20; n++) {
    schema = schema.$ref.replace(/^#\//, "").split("/").reduce((at, part) => at?.[part], spec);
  }
  return schema || {};
};

const typeOf = (schema) => {
  const s = resolve(schema);
  const type = Array.isArray(s.type) ? s.type.filter((t) => t !== "null").join(" or ") : s.type || "any";
  if (type === "array") return "list of " + typeOf(s.items || {});
  return s.enum ? s.enum.join(" | ") : s.format ? `${type} (${s.format})` : type;
};

const example = (schema, depth = 0) => {
  const s = resolve(schema);
  if (s.examples?.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (depth > 6) return null;
  if (type === "object") {
    const out = {};
    for (const [name, member] of Object.entries(s.properties || {})) {
      if ((s.required || []).includes(name) || resolve(member).examples) out[name] = example(member, depth + 1);
    }
    return out;
  }
  if (type === "array") return s.items ? [example(s.items, depth + 1)] : [];
  return { string: "", integer: 0, number: 0, boolean: false }[type] ?? null;
};

const members = (schema) => {
  const s = resolve(schema);
  const rows = Object.entries(s.properties || {}).map(([name, member]) => make("tr", {},
    make("td", {}, make("code", { text: name + ((s.required || []).includes(name) ? " *" : "") })),
    make("td", { text: typeOf(member) }), make("td", { text: member.description || resolve(member).description || "" })));
  return rows.length ? make("table", {}, make("tr", {}, make("th", { text: "member" }), make("th", { text: "type" }), make("th", { text: "meaning" })), ...rows) : "";
};

const send = async (path, method, op, fields, body, out) => {
  const url = new URL(path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(fields.get("path." + name)?.value || "")), location.origin);
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = "Bearer " + key;
  for (const p of op.parameters || []) {
    const value = fields.get(p.in + "." + p.name)?.value.trim();
    if (!value) continue;
    if (p.in === "query") {
      const many = resolve(p.schema).type?.includes("array") && p.explode !== false;
      for (const one of many ? value.split(",") : [value]) url.searchParams.append(p.name, one.trim());
    }
    if (p.in === "header") headers[p.name] = value;
  }
  if (body?.value.trim()) headers["Content-Type"] = "application/json";
  out.textContent = "…";
  const begun = performance.now();
  try {
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body: body?.value.trim() || undefined, redirect: "error" });
    let text = await answer.text();
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is no JSON */ }
    const shown = ["x-request-id", "etag", "location", "retry-after", "ratelimit"].filter((h) => answer.headers.get(h)).map((h) => `${h}: ${answer.headers.get(h)}`);
    out.textContent = [`${answer.status} ${answer.statusText}  (${Math.round(performance.now() - begun)} ms)`, ...shown, "", text.slice(0, 200000)].join("\n");
  } catch (fault) {
    out.textContent = String(fault);
  }
};

const inside = (path, method, op) => {
  const box = make("div", { class: "inside" });
  if (op.description) box.append(make("p", { text: op.description }));
  const fields = new Map();
  const rows = (op.parameters || []).map((p) => {
    const field = make("input", { placeholder: p.schema?.default ?? "", "aria-label": p.name });
    fields.set(p.in + "." + p.name, field);
    return make("tr", {}, make("td", {}, make("code", { text: p.name + (p.required ? " *" : "") })), make("td", { text: `${p.in}, ${typeOf(p.schema)}` }),
      make("td", { text: p.description || "" }), make("td", {}, field));
  });
  if (rows.length) box.append(make("table", {}, ...rows));
  const content = op.requestBody?.content?.["application/json"];
  let body;
  if (content) {
    body = make("textarea", { spellcheck: "false", "aria-label": "body" });
    body.value = JSON.stringify(example(content.schema), null, 2);
    box.append(make("h3", { text: "Body" }), members(content.schema), body);
  }
  const streams = Object.values(op.responses || {}).some((r) => r.content?.["text/event-stream"]);
  const out = make("pre", { text: "" });
  const button = make("button", { type: "button", text: streams ? "a feed: use curl -N" : "Send" });
  if (streams) button.disabled = true;
  button.addEventListener("click", () => send(path, method, op, fields, body, out));
  box.append(button, out);
  for (const [status, answer] of Object.entries(op.responses || {})) {
    const schema = Object.values(answer.content || {})[0]?.schema;
    if (schema && /^2/.test(status)) box.append(make("h3", { text: `Answer ${status}` }), members(schema));
  }
  return box;
};

const show = () => {
  const wanted = document.getElementById("find").value.trim().toLowerCase();
  const main = document.getElementById("operations");
  main.replaceChildren();
  const tags = new Map();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, op] of Object.entries(methods)) {
      const text = [path, op.summary, op.operationId, ...(op.tags || [])].join(" ").toLowerCase();
      if (!op.operationId || (wanted && !text.includes(wanted))) continue;
      const tag = op.tags?.[0] || "Other";
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push([path, method, op]);
    }
  }
  for (const [tag, operations] of tags) {
    main.append(make("h2", { text: tag }));
    for (const [path, method, op] of operations) {
      const details = make("details", { id: op.operationId, class: method === "get" ? "" : "changes" }, make("summary", {},
        make("span", { class: "method", text: method.toUpperCase() }), make("span", { class: "path", text: path }),
        make("span", { text: op.summary || "" }), make("span", { class: "scope", text: op["x-gatehouse-scope"] || "anyone" })));
      details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(inside(path, method, op)); });
      main.append(details);
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
};

fetch("/openapi.json").then((answer) => answer.json()).then((document_) => {
  spec = document_;
  document.getElementById("find").addEventListener("input", show);
  show();
}, (fault) => { document.getElementById("operations").textContent = String(fault); });
