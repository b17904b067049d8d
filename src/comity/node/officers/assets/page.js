// Pages work without this. It keeps a form from being sent twice, and typed text from being left by mistake.
"use strict";
let changed = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-keep]")) changed = true;
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (!("download" in form.dataset)) form.dataset.sent = "yes"; // after a download the page stays as it is
  changed = false;
});
window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));
window.addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
