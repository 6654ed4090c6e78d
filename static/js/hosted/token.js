// Reads a web token: the page checks its claims before the server does, to tell the customer at once.

/** The claims, or null if it is not a token. */
export function claimsOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // Truncated, or not a token at all: the same to the customer.
  }
}

export function hasExpired(claims) {
  return typeof claims.exp === "number" && claims.exp * 1000 <= Date.now();
}
