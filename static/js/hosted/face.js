// The partner's face on the pages: name, logo and colour.
import { element } from "./screens.js";

/** Shows what the partner is known by, and returns the element that holds name and logo. */
export function wear({ logo_url: logo, name, theme_color: colour }) {
  const partner = document.querySelector("header .partner");
  if (name) partner.append(element("span", {}, name));
  if (/^https?:/.test(logo || "")) {
    const image = element("img", { src: logo, alt: "", error: () => image.remove() });
    partner.prepend(image);
  }
  if (/^#[0-9a-f]{6}$/i.test(colour || "")) {
    document.documentElement.style.setProperty("--theme", colour);
    document.documentElement.style.setProperty("--on-theme", isLight(colour) ? "#000" : "#fff");
  }
  return partner;
}

/** Whether black has more contrast than white on the colour, by WCAG's relative luminance. */
function isLight(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}
