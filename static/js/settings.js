// The company's colour: a swatch next to its code, and a sample button. Without it only the code can be typed.
(() => {
  "use strict";

  const code = document.getElementById("theme_color");
  const swatch = document.getElementById("color-swatch");
  const sheet = document.getElementById("color-sheet");

  function show(color) {
    if (!/^#[0-9a-f]{6}$/i.test(color)) return;
    swatch.value = color;
    sheet.href = sheet.href.replace(/[0-9a-f]{6}\.css$/, `${color.slice(1).toLowerCase()}.css`);
  }

  code.addEventListener("change", () => show(code.value.trim()));
  swatch.addEventListener("change", () => {
    code.value = swatch.value;
    show(swatch.value);
  });
  show(code.value);
  swatch.hidden = false;
})();
