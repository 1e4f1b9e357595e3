"use strict";

// Shows /openapi.json and lets a reader try a request. Text goes in as text, never as HTML.

const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

let spec;

const resolve = (schema) => {
  const name = schema.$ref?.split("/").pop();
  return name ? { name, ...spec.components.schemas[name], ...(schema.description && { description: schema.description }) } : schema;
};

const typeOf = (schema) => {
  const s = resolve(schema);
  if (s.type === "array") return `list of ${typeOf(s.items)}`;
  return [s.name ?? s.type ?? "any", s.format && `(${s.format})`].filter(Boolean).join(" ");
};

// A message inside a message opens on demand, so one that contains itself does no harm.
const fields = (schema) => {
  const rows = Object.entries(resolve(schema).properties ?? {}).map(([name, s]) => {
    const what = el("td", {}, resolve(s).description ?? "");
    const inner = s.type === "array" ? s.items : s;
    if (resolve(inner).properties) {
      const more = el("details", {}, el("summary", { textContent: "fields" }));
      more.addEventListener("toggle", () => more.open && more.children.length === 1 && more.append(fields(inner)), { once: true });
      what.append(more);
    } else if (inner.$ref && resolve(s).description !== resolve(inner).description) {
      what.append("\n", (resolve(inner).enum ?? []).join(", "));
    }
    return el("tr", {}, el("td", { textContent: name }), el("td", { textContent: typeOf(s) }), what);
  });
  return el("table", {}, ...rows);
};

const example = (schema, depth = 0) => {
  const s = resolve(schema);
  if (s.enum) return s.enum[1] ?? s.enum[0];
  if (s.type === "array") return [example(s.items, depth + 1)];
  if (s.type === "object") {
    const others = (s.oneOf ?? []).slice(1).flatMap((choice) => choice.required);
    const shown = depth < 3 ? Object.entries(s.properties ?? {}).filter(([name]) => !others.includes(name)) : [];
    return Object.fromEntries(shown.map(([name, inner]) => [name, example(inner, depth + 1)]));
  }
  if (s.format === "date-time") return "2027-01-15T09:00:00Z";
  return { boolean: false, integer: 0, number: 0 }[s.type] ?? "";
};

const tryIt = (verb, path, operation) => {
  const inputs = operation.parameters.map((p) => {
    const input = el("input", { name: p.name });
    if (p.name === "Idempotency-Key") input.value = `"${crypto.randomUUID?.() ?? Date.now()}"`;
    return [p, input];
  });
  const schema = operation.requestBody?.content["application/json"].schema;
  const body = schema && el("textarea", { value: JSON.stringify(example(schema), null, 2) });
  const answer = el("pre", { hidden: true });
  const send = async () => {
    const headers = { authorization: `Bearer ${document.getElementById("token").value}` };
    const query = new URLSearchParams();
    let url = path;
    for (const [p, { value }] of inputs) {
      if (p.in === "path") url = url.replace(`{${p.name}}`, encodeURIComponent(value));
      else if (value && p.in === "header") headers[p.name] = value;
      else if (value) query.append(p.name, value);
    }
    if (body) headers["content-type"] = "application/json";
    if (query.size) url += `?${query}`;
    try {
      const response = await fetch(url, { method: verb.toUpperCase(), headers, body: body?.value });
      const text = await response.text();
      const shown = ["etag", "x-przesiadka-position", "retry-after"].filter((h) => response.headers.has(h)).map((h) => `${h}: ${response.headers.get(h)}\n`);
      let pretty = text;
      try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it came */ }
      answer.textContent = `${response.status}\n${shown.join("")}\n${pretty}`;
    } catch (error) {
      answer.textContent = String(error);
    }
    answer.hidden = false;
  };
  const rows = inputs.map(([p, input]) => el("tr", {}, el("td", { textContent: p.name }), el("td", {}, input)));
  return el("details", {}, el("summary", { textContent: "try it" }), el("table", {}, ...rows), ...(body ? [body] : []),
    el("button", { textContent: "send", onclick: send }), answer);
};

const show = (verb, path, operation) => {
  const node = el("details", { className: "operation" });
  node.append(el("summary", {}, el("span", { className: `verb ${verb}`, textContent: verb.toUpperCase() }), el("code", { textContent: path }), ` ${operation.summary}`));
  node.dataset.words = `${verb} ${path} ${operation.operationId} ${operation.description}`.toLowerCase();
  node.addEventListener("toggle", () => {
    const parameters = operation.parameters.map((p) => el("tr", {}, el("td", { textContent: p.name + (p.required ? " *" : "") }), el("td", { textContent: `${p.in}, ${typeOf(p.schema)}` }), el("td", { textContent: p.description ?? "" })));
    node.append(el("p", { className: "words", textContent: operation.description }), el("h4", { textContent: "Parameters" }), el("table", {}, ...parameters));
    const request = operation.requestBody?.content["application/json"].schema;
    if (request) node.append(el("h4", { textContent: "Body" }), fields(request));
    const answer = operation.responses["200"].content["application/json"].schema;
    node.append(el("h4", { textContent: `Answer: ${typeOf(answer)}` }), fields(answer), tryIt(verb, path, operation));
  }, { once: true });
  return node;
};

const start = async () => {
  spec = await (await fetch("/openapi.json")).json();
  document.getElementById("about").textContent = `${spec.info.version} · ${spec.info.description}`;
  const main = document.getElementById("operations");
  for (const { name } of spec.tags) {
    main.append(el("h2", { textContent: name }));
    for (const [path, verbs] of Object.entries(spec.paths))
      for (const [verb, operation] of Object.entries(verbs))
        if (operation.tags.includes(name)) main.append(show(verb, path, operation));
  }
  main.append(el("h2", { textContent: "problems" }), el("p", { className: "words", textContent: spec.components.schemas.Problem.description }));
  document.getElementById("filter").addEventListener("input", ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const node of main.querySelectorAll("details.operation")) node.hidden = !words.every((w) => node.dataset.words.includes(w));
  });
};

start().catch((error) => document.getElementById("operations").append(String(error)));
