"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const text = (number) => data.texts[number];
  const byId = (id) => document.getElementById(id);

  byId("without-script").remove();

  // Everything is set as text: nothing that a handler wrote becomes markup.
  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  // Theme: what the system says, unless a reader chooses.
  const themes = ["system", "light", "dark"];
  const kept = { get: () => { try { return localStorage.getItem("durable-ai-theme"); } catch { return null; } },
                 set: (theme) => { try { localStorage.setItem("durable-ai-theme", theme); } catch { /* not kept */ } } };
  const button = byId("theme");
  const show = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    button.value = theme;
  };
  show(themes.includes(kept.get()) ? kept.get() : "system");
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(button.value) + 1) % themes.length];
    kept.set(next);
    show(next);
  });

  // What stands between backticks is code.
  const marked = (words) => {
    const parts = words.split("`");
    if (parts.length % 2 === 0) return element("bdi", "", words);
    return element("span", "", ...parts.map((part, n) => element(n % 2 ? "code" : "bdi", "", part)));
  };

  // A run, as the report keeps it (html/page.py), in words.
  const duration = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
    let left = Math.round(seconds);
    const parts = [];
    for (const [unit, size] of units) {
      if (left >= size) parts.push(`${Math.floor(left / size)} ${unit}`);
      left %= size;
    }
    return parts.slice(0, 2).join(" ");
  };
  const code = (path) => element("code", "", element("bdi", "", path || "outside any operation"));
  const item = (sign, className, ...children) => element("li", className, element("span", "", sign), element("span", "", ...children));

  const SIGNS = { START: "▸", SUCCEED: "✓", FAIL: "✗", RETRY: "↻", CANCEL: "✗", CALL: "◆" };
  const place = (line) => text(line) ? element("code", "place", element("bdi", "", text(line))) : null;
  const moment = ([label, path, outcome, delay, again, line]) => {
    const what = text(label).split(" ")[0];
    const words = what === "CALL" ? ` model call, ${text(outcome)} `
      : what === "RETRY" && delay >= 0 ? ` RETRY checkpointed, again in ${duration(delay)} ` : ` ${text(label)} checkpointed `;
    const interrupted = what !== "CALL" && text(outcome) ? ` ${text(outcome)}` : "";
    return item(SIGNS[what] ?? "·", "", code(text(path)), element("span", "what", words + interrupted),
      again ? element("span", "again", "made again ") : null, place(line));
  };

  const invocation = (entry, first) => {
    const [number, at, arrived, replayed, moments, ended, why] = entry;
    const how = text(ended);
    const list = element("ul", "");
    for (const [path, as] of arrived) {
      list.append(item("●", "", code(text(path)), element("span", "what", ` ${text(as)} while nobody ran`)));
    }
    for (const path of replayed) {
      list.append(item("⟲", "replayed", code(text(path)), element("span", "what", " replayed from its checkpoint")));
    }
    list.append(...moments.map(moment));
    const end = how === "died" ? `died${text(why) ? `: ${text(why)}` : ""}` : how;
    const kind = how === "died" ? "died" : how === "suspended" ? "suspended" : "ended";
    const heading = element("strong", "", `Invocation ${number}`);
    const when = element("span", "when", (at ? `after ${duration(at)}` : "at once")
      + (number < first ? ", as in the run it begins like" : ""));
    return element("li", `${kind}${number < first ? " other" : ""}`, heading, when, list, element("p", `end ${kind}`, end));
  };

  // A text in pieces: what both have, what only the expected one has, and what only the actual one has.
  const PIECES = ["span", "del", "ins"];
  const pieces = (all) => element("pre", "", ...all.map(([kind, words]) => element(PIECES[kind], "", text(words))));
  const finding = ([rule, where, line, expected, actual, why, remedy]) => element("article", "",
    element("h4", "", text(rule)), element("p", "", element("bdi", "", text(where)), " ", place(line)),
    element("span", "label", "expected"), pieces(expected), element("span", "label", "actual"), pieces(actual),
    text(why) ? element("p", "", marked(text(why))) : null, element("p", "remedy", marked(text(remedy))));

  const described = ([name, , whyNot, status, ending, first, invocations, findings]) => {
    const title = element("h2", "", element("bdi", "", text(name)));
    title.id = "run-name";
    if (status === undefined) {
      return [title, element("p", "", element("span", "tag unknown", "? could not run")), element("p", "ending", text(whyNot))];
    }
    const verdict = findings.length ? element("span", "tag breaks", `✗ ${plural(findings.length, "finding")}`)
      : element("span", "tag conforms", "✓ conforms");
    return [title, element("p", "", verdict), ...findings.map(finding), element("h3", "", plural(invocations.length, "invocation")),
      element("ol", "timeline", ...invocations.map((number) => invocation(data.invocations[number], first))),
      element("p", "", element("span", "label", "Status "), element("strong", "", text(status))),
      ...(text(ending) ? [element("pre", "ending", text(ending))] : [])];
  };

  // The panel.
  const dialog = byId("run");
  let current = null;
  const cellOf = (run) => document.querySelector(`.cell[data-run="${run}"]`);
  const mark = (run) => {
    document.querySelector(".cell.here")?.classList.remove("here");
    if (run !== null) cellOf(run)?.classList.add("here");
  };
  const open = (run) => {
    current = run;
    const entry = data.runs[run];
    byId("run-where").textContent = `${text(entry[1])}, run ${run + 1} of ${data.runs.length}`;
    byId("run-body").replaceChildren(...described(entry));
    byId("previous").disabled = run === 0;
    byId("next").disabled = run === data.runs.length - 1;
    mark(run);
    history.replaceState(null, "", `#run-${run + 1}`);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    byId("run-body").focus({ preventScroll: true });
  };
  const step = (by) => {
    if (data.runs[current + by]) open(current + by);
  };
  dialog.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    const cell = cellOf(current);
    mark(null);
    if (cell) {
      cell.closest("details")?.setAttribute("open", "");
      if (cell.closest("[hidden]")) unfold(foldOf(cell.closest("tbody")));
      reachable(cell);
      cell.focus();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && !event.altKey && !event.ctrlKey && !event.metaKey) { event.preventDefault(); step(by); }
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => dialog.close());
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-run]");
    if (opener) open(Number(opener.dataset.run));
  });

  // Operations whose runs are all alike are folded.
  const unfold = (fold) => {
    fold.hidden = true;
    for (let rows = fold.nextElementSibling; rows?.matches("[data-folded]"); rows = rows.nextElementSibling) rows.hidden = false;
  };
  const foldOf = (rows) => {
    while (rows && !rows.matches(".fold")) rows = rows.previousElementSibling;
    return rows;
  };
  for (const fold of document.querySelectorAll("tbody.fold")) {
    fold.hidden = false;
    fold.querySelector("button").addEventListener("click", () => {
      const first = fold.nextElementSibling.querySelector(".cell");
      unfold(fold);
      first.focus();
    });
  }
  for (const rows of document.querySelectorAll("[data-folded]")) rows.hidden = true;

  // One stop for the tab key in each table of runs; arrow keys go from run to run.
  const reachable = (cell) => {
    const cells = cell.closest("[data-cells]");
    cells.querySelector('.cell[tabindex="0"]')?.setAttribute("tabindex", "-1");
    cell.setAttribute("tabindex", "0");
  };
  const nearest = (rows, from, cell) => {
    const middle = (one) => one.getBoundingClientRect().left + one.getBoundingClientRect().width / 2;
    const row = rows[from];
    return row?.reduce((best, one) => Math.abs(middle(one) - middle(cell)) < Math.abs(middle(best) - middle(cell)) ? one : best);
  };
  const moved = (key, rows, row, column, cell) => {
    switch (key) {
      case "ArrowRight": return rows[row][column + 1];
      case "ArrowLeft": return rows[row][column - 1];
      case "ArrowDown": return nearest(rows, row + 1, cell);
      case "ArrowUp": return nearest(rows, row - 1, cell);
      case "Home": return rows[row][0];
      case "End": return rows[row].at(-1);
      default: return undefined;
    }
  };
  for (const cells of document.querySelectorAll("[data-cells]")) {
    const all = [...cells.querySelectorAll("tbody tr, [data-row]")]
      .map((row) => [...row.querySelectorAll(".cell")]).filter((row) => row.length);
    all.flat().forEach((cell, number) => { cell.tabIndex = number ? -1 : 0; });
    cells.addEventListener("focusin", (event) => { if (event.target.matches(".cell")) reachable(event.target); });
    cells.addEventListener("keydown", (event) => {
      const cell = event.target.closest(".cell");
      const rows = all.filter(([one]) => !one.closest("[hidden]"));
      const row = rows.findIndex((one) => one.includes(cell));
      if (row < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      const next = moved(event.key, rows, row, rows[row].indexOf(cell), cell);
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });
  }

  // A link to a run, or to a handler whose part is folded.
  const follow = () => {
    const run = /^#run-(\d+)$/.exec(location.hash);
    if (run && data.runs[run[1] - 1]) open(run[1] - 1);
    const target = location.hash && byId(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", follow);
  follow();
})();
