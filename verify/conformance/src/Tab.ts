/**
 * A browser tab with one of the vendor's clients. Each tab has a global object and built-in objects of its own, so that two
 * tabs share nothing but the server. A test runs functions inside of it, as with a browser driver: they are passed as source
 * text, so they can use nothing but their parameters.
 */
import type { Endpoints, Exchange, PageStorage, WireFrame } from "./environment.ts"
import type { Action, Generation } from "./messages.ts"
import { TabThread } from "./TabThread.ts"

/** The first parameter of a function that runs inside of a tab. */
export interface TabContext<Vendor, State> {
  /** The vendor's module. */
  readonly vendor: Vendor
  /** Kept from one call to the next. */
  readonly state: State
  /** Waits until `condition` returns a truthy value, and returns it. `what` names it in the error. @default 45 seconds */
  readonly until: <A>(what: string, condition: () => A, millis?: number) => Promise<NonNullable<A>>
  readonly page: { readonly sockets: ReadonlyArray<string> }
}

/** The requests, frames and sockets of a tab so far, and its web storage. */
export interface Traffic {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly frames: ReadonlyArray<WireFrame>
  readonly sockets: ReadonlyArray<string>
  readonly storage: PageStorage
}

/** The thread of this process in which tabs are opened. */
const thread = new TabThread()
let lastTab = 0

/** One tab. `Vendor` is the client's module, `State` what functions of the test keep there. */
export class Tab<Vendor, State> implements AsyncDisposable {
  readonly #id = ++lastTab

  private constructor() {}

  static async open<Vendor, State>(
    generation: Generation,
    endpoints: Endpoints,
    storage?: PageStorage
  ): Promise<Tab<Vendor, State>> {
    const tab = new Tab<Vendor, State>()
    const { http, others, ws } = endpoints
    await thread.request(tab.#id, { type: "open", generation, endpoints: { http, ws, others }, storage })
    return tab
  }

  /** Runs a function inside of the tab. It is passed as source text, its argument as JSON; its result is copied. */
  run<A, B = undefined>(
    body: (inside: TabContext<Vendor, State>, argument: B) => A,
    ...[argument]: B extends undefined ? [] : [argument: B]
  ): Promise<Awaited<A>> {
    const action: Action = { type: "run", source: String(body), argument: JSON.stringify(argument) }
    // values from the thread have no type: this is a copy of the result of `body`
    return thread.request(this.#id, action) as Promise<Awaited<A>>
  }

  /** The traffic so far. */
  traffic(): Promise<Traffic> {
    // as above: the thread replies to `page` with its traffic
    return thread.request(this.#id, { type: "page" }) as Promise<Traffic>
  }

  /** Closes the tab: its calls fail, its timers end, its requests are cancelled, and its sockets send a close frame. */
  close(): Promise<void> {
    return thread.close(this.#id)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
