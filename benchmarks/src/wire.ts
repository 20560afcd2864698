/** Pages and frames in the server's format. */

const id = (kind: string, n: number): string =>
  `${kind}${n.toString(16).padStart(7, "0")}-4f3a-4c1b-9d2e-${(n * 7919).toString(16).padStart(12, "0")}`

/** A message of the address dialect; its fields vary like those of real messages. */
const message = (n: number) => ({
  id: id("a", n),
  type: "message",
  subtype: n % 10 === 0 ? "log" : "chat",
  kind: n % 10 === 0 ? "call_started" : null,
  conversation_id: id("b", 1),
  user_id: id("c", n % 7),
  address_id: id("b", 1),
  from_address_id: id("d", n % 7),
  ts: 1_700_000_000.125 + n,
  text: n % 10 === 0 ? null : `Message ${n}: the quick brown fox jumps over the lazy dog`,
  metadata: n % 3 === 0 ? { tone: "casual", n } : {},
  details: {}
})

/** A history page as JSON. */
export const historyPage = (count: number): string =>
  JSON.stringify({
    data: Array.from({ length: count }, (_, n) => message(count - n)),
    links: {
      self: `https://puc.signalwire.com/api/fabric/conversations/${id("b", 1)}/messages?page_size=${count}`,
      first: `https://puc.signalwire.com/api/fabric/conversations/${id("b", 1)}/messages?page_size=${count}`,
      next: `https://puc.signalwire.com/api/fabric/conversations/${id("b", 1)}/messages?page_size=${count}&page_token=x`
    }
  })

/** The frame of an event as JSON. */
export const eventFrame = (n: number): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id: id("e", n),
    method: "signalwire.event",
    params: {
      event_type: "conversation.message",
      event_channel: "swml:b0000001-4f3a-4c1b-9d2e-000000001eef",
      timestamp: 1_700_000_000.25 + n,
      project_id: id("f", 1),
      node_id: "8f2d6a7c-1be5-4d3b-9a52-6f0c4f1f7a3d@us-central",
      is_author: n % 2 === 0,
      params: { ...message(n), hidden: false, conversation_name: "The lobby", user_name: "Ada Lovelace" }
    }
  })
