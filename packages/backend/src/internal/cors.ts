/** Allows pages of any origin to read responses. Requests are authenticated by token only, so this is safe. */
export const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type, Accept",
  "access-control-expose-headers": "Retry-After",
  "access-control-max-age": "86400"
}
