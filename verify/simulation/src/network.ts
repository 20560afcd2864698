/** The network between one device and the server. */
import { NetworkConditions, type NetworkOptions } from "./networkConditions.ts"
import { Requests } from "./requests.ts"
import { Sockets } from "./sockets.ts"

export class Network extends NetworkConditions {
  readonly requests: Requests
  readonly sockets: Sockets

  constructor(options: NetworkOptions) {
    super(options)
    this.requests = new Requests(this)
    this.sockets = new Sockets(this)
  }
}
