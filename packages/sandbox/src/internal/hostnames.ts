/** The names of a server, as URLs and tokens have them. */

/** An address as a URL has it. */
export const inUrl = (address: string): string => address.includes(":") ? `[${address}]` : address

/** A name or address as `URL` writes it. */
export const toHostname = (name: string): string => {
  const url = `http://${inUrl(name)}`
  return URL.canParse(url) ? new URL(url).hostname : name
}

/**
 * The host in a token's `ch` claim. Vendor clients replace its first label, so it is a name: `puc.localhost`. For other
 * loopback addresses, which that name does not resolve to, it is the address.
 */
export const tokenHost = (address: string): string =>
  address !== "127.0.0.1" && (address === "::1" || address.startsWith("127.")) ? inUrl(address) : "puc.localhost"
