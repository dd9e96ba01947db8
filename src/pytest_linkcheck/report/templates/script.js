"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  root.classList.add("scripted");

  // Light and dark: as the system says, until the button is pressed.
  const button = find("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  system.addEventListener("change", name);
  name();

  // On paper everything is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });

  const make = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  // The panel: all checks of one cell. Which cell it is stands in the address.
  const told = JSON.parse(find("data").textContent);
  const panel = find("panel");
  const body = find("panel-body");

  const showCheck = ([check, outcome, cases, reason, remedy, evidence, milliseconds, run]) => {
    const [name, promise, link, why] = told.checks[check];
    const shown = make("div", "", "check");
    shown.append(make("p", promise || name));
    const about = make("p", "", "about");
    about.append(make("code", name));
    if (cases) about.append(` · ${told.strings[cases]}`);
    if (why) {
      const to = link ? make("a", why) : make("span", why);
      if (link) {
        to.href = link;
        to.rel = "noreferrer";
      }
      about.append(" · why: ", to);
    }
    if (milliseconds) about.append(` · ${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 2 : 0)} s`);
    if (told.runs.length > 1 && outcome < 5) about.append(` · ${told.runs[run || 0]}`);
    shown.append(about);
    if (reason) shown.append(make("p", `${outcome === 2 ? "Accepted" : outcome === 4 ? "Skipped" : "Seen"}: ${told.strings[reason]}`));
    if (remedy) shown.append(make("p", `Remedy: ${told.strings[remedy]}`));
    const source = evidence && find(`evidence-${evidence}`);
    if (source) {
      const more = make("details");
      more.open = outcome < 2;
      more.append(make("summary", "Evidence"), make("pre", source.textContent));
      shown.append(more);
    }
    return shown;
  };

  const showCell = (id) => {
    const [where, words, results] = told.cells[id];
    find("panel-title").textContent = where;
    find("panel-words").textContent = words;
    body.replaceChildren();
    told.outcomes.forEach((outcome, index) => {
      const own = results.filter((one) => one[1] === index);
      if (!own.length) return;
      const noun = outcome === "hazard" && own.length > 1 ? "hazards" : outcome;
      const heading = `${told.signs[index]} ${own.length} ${noun}`;
      body.append(make("h3", heading, `s-${outcome.replace(" ", "-")}`));
      body.append(...own.map(showCheck));
    });
    if (!results.length) body.append(make("p", "Nothing of this row was run here."));
    panel.scrollTop = 0;
    if (!panel.open) panel.showModal();
  };

  const linkOf = (id) => find(id).querySelector("a");
  const wanted = () => {
    let id;
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
    return Object.hasOwn(told.cells, id) ? id : "";
  };
  let opener = null;
  const follow = () => {
    const id = wanted();
    if (id) {
      if (!opener) opener = linkOf(id);
      choose(linkOf(id));
      showCell(id);
    } else if (panel.open) panel.close();
  };
  // Without this the page would jump to the cell.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#cell-']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opener = link;
    if (link.hash !== location.hash) history.pushState(null, "", link.hash);
    follow();
  });
  panel.addEventListener("close", () => {
    if (wanted()) history.replaceState(null, "", location.href.split("#")[0]);
    opener?.focus();
    opener = null;
  });
  find("panel-close").addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close();
  });
  addEventListener("hashchange", follow);

  // Arrow keys in the matrix, of which one cell can be reached by Tab; the same in the map.
  const rows = [...document.querySelectorAll(".matrix tr")]
    .map((row) => [...row.querySelectorAll("td a")])
    .filter((row) => row.length);
  const choose = (link) => {
    for (const one of rows.flat()) one.tabIndex = one === link ? 0 : -1;
  };
  if (rows.length) choose(rows[0][0]);
  for (const one of rows.flat()) one.setAttribute("aria-haspopup", "dialog");
  document.querySelector(".matrix")?.setAttribute("role", "grid");
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };
  const clamp = (number, length) => Math.max(0, Math.min(length - 1, number));
  document.querySelector(".matrix")?.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    const link = event.target.closest("td a");
    if (!step || !link || event.ctrlKey || event.altKey || event.metaKey) return;
    const down = rows.findIndex((row) => row.includes(link));
    const row = rows[clamp(down + step[0], rows.length)];
    const next = row[clamp(rows[down].indexOf(link) + step[1], row.length)];
    event.preventDefault();
    choose(next);
    next.focus();
  });
  for (const map of document.querySelectorAll(".env-tiles")) {
    const links = [...map.querySelectorAll("a")];
    links.forEach((link, index) => {
      link.tabIndex = index ? -1 : 0;
    });
    map.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      const at = links.indexOf(event.target);
      if (!step || at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      const next = links[clamp(at + step[0] + step[1], links.length)];
      event.preventDefault();
      links[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
  // A bar that is folded away opens when its address is followed.
  const unfold = () => find(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  addEventListener("hashchange", unfold);
  unfold();
  follow();
})();
