// Offers the browser's time zone to a member who has not chosen one. Without it nothing is offered.
(() => {
  "use strict";

  const offer = document.getElementById("zone-offer");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  // "Etc/UTC" and the like are not places.
  if (!offer || !zone.includes("/") || zone.startsWith("Etc/") || zone === offer.dataset.zone) return;
  offer.elements.time_zone.value = zone;
  offer.querySelector("strong").textContent = zone;
  offer.hidden = false;
})();
