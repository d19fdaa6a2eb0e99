"use strict";

// Every unsafe request carries the session's token; without this, "Try it out" would be refused.
async function withToken(request) {
  const unsafe = !["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase());
  if (unsafe && !request.headers["X-API-Key"]) {
    const session = await fetch("/api/session", { credentials: "same-origin" });
    request.headers["X-CSRF-Token"] = (await session.json()).csrf;
  }
  return request;
}

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  requestInterceptor: withToken,
  onComplete: () => document.querySelector(".information-container")?.setAttribute("role", "banner"),
});
