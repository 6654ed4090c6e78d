"""Protection of requests and answers: CSRF, cookies, headers, form keys, rate limits."""
