/** Formats host names for URLs and tokens. */

/** Formats an IP address for a URL. */
export const inUrl = (address: string): string => address.includes(":") ? `[${address}]` : address

/** Normalizes a host name or address as `URL.hostname` does. */
export const toHostname = (name: string): string => {
  const url = `http://${inUrl(name)}`
  return URL.canParse(url) ? new URL(url).hostname : name
}

/**
 * Returns the host for the `ch` claim of tokens. Vendor clients replace its first label, so it is the name `puc.localhost`, or the
 * address itself if it is a loopback address that the name does not resolve to.
 */
export const tokenHost = (address: string): string =>
  address !== "127.0.0.1" && (address === "::1" || address.startsWith("127.")) ? inUrl(address) : "puc.localhost"
