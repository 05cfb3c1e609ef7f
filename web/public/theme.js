// Sets the theme before the first paint, so that a dark page never flashes white. A file of its own because the
// content security policy allows no inline scripts. src/lib/theme.ts uses the same key.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("twobot.theme");
  } catch {
    // Storage can be switched off; the system's choice is a fine default.
  }
  var dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
