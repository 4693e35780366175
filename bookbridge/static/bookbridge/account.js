// The pages behind the links of mails. The secret stands behind the # and is used on a press of the button.
(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const form = find("link"), bad = find("bad"), words = find("words").dataset;
  const button = form.querySelector("button"), label = button.textContent;
  const password = find("password"), show = find("show");
  const token = decodeURIComponent(location.hash.slice(1));

  const say = (text) => {
    bad.textContent = text;
    bad.hidden = !text;
    if (password) password.setAttribute("aria-invalid", String(Boolean(text)));
    if (text) bad.focus();
  };

  // What the API says of each field, else of the whole.
  const reasonOf = async (response) => {
    if (!(response.headers.get("Content-Type") || "").startsWith("application/problem+json")) return words.again;
    const problem = await response.json();
    const details = (problem.errors || []).map((error) => error.detail);
    return details.length ? [...new Set(details)].join(" ") : problem.detail || words.again;
  };

  const send = async () => {
    const body = { token };
    if (password) body.password = password.value;
    let response;
    try {
      response = await fetch(form.dataset.route, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": document.documentElement.lang },
        body: JSON.stringify(body),
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
    } catch {
      return say(words.offline);
    }
    if (!response.ok) return say(await reasonOf(response));
    form.hidden = true;
    find("done").hidden = false;
    find("done").focus();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    button.disabled = true;
    button.textContent = words.waiting;
    await send();
    button.disabled = false;
    button.textContent = label;
  });
  if (show) show.addEventListener("change", () => { password.type = show.checked ? "text" : "password"; });

  if (!token) {
    find("missing").hidden = false;
    return;
  }
  form.hidden = false;
  // Out of the address bar and of the history.
  history.replaceState(null, "", location.pathname);
})();
