/**
 * The clients that are compared, each behind the same few calls. What stands in a `drive` runs inside the tab, beside the
 * client and without anything of ours around it.
 */
import type * as Ours from "@effect-signalwire/promise"
import { readFileSync } from "node:fs"
import type * as VendorAddress from "vendor-address"
import type * as VendorGroup from "vendor-group"
import type * as VendorV4 from "vendor-v4"
import type { Place } from "../environment.ts"
import type { Generation } from "../messages.ts"
import { Tab } from "../Tab.ts"

/** Whom a client is for. */
export interface Who {
  readonly token: string
  readonly addressId: string
}

/** What is sent. */
export interface Outgoing {
  readonly addressId: string
  readonly text: string
  readonly metadata: Record<string, string>
  readonly details: Record<string, string>
}

/** What a scenario asks of a client, in the client's own way of doing it. Objects are as the client hands them out. */
interface Driver {
  /** The application says that the token is good for so long, where a client wants to know. */
  readonly connect: (life: number) => Promise<void>
  readonly join: (addressId: string) => Promise<void>
  /** To everything, where there is such a thing. One whose name begins with `failing` throws when it hears "boom". */
  readonly listen: (name: string, addressId: string) => Promise<void>
  /** To one conversation only. */
  readonly listenTo: (name: string, addressId: string) => Promise<void>
  readonly heard: (name: string) => ReadonlyArray<object>
  readonly send: (message: Outgoing) => Promise<void>
  /** The newest page of a conversation. */
  readonly history: (addressId: string) => Promise<ReadonlyArray<object>>
  /** The page after it. */
  readonly next: () => Promise<void>
  readonly replaceToken: (token: string) => Promise<void>
}

export interface Keep {
  driver: Driver
}
/** A tab in which a driver waits for its scenario. */
export type DrivenTab = Tab<unknown, Keep>

export interface Contestant {
  readonly name: string
  readonly version: string
  /** A tab with the client in it, not connected yet. */
  readonly open: (place: Place, who: Who) => Promise<DrivenTab>
  /** Why it cannot send metadata and details, if it cannot. */
  readonly sendsTextOnly?: string
}

const versionOf = (packageJson: string): string => {
  const read: unknown = JSON.parse(readFileSync(new URL(packageJson, import.meta.url), "utf8"))
  if (typeof read === "object" && read !== null && "version" in read) return String(read.version)
  throw new Error(`${packageJson} has no version`)
}

const openDriven = async <Vendor>(
  generation: Generation,
  place: Place,
  drive: (tab: Tab<Vendor, Keep>) => Promise<void>
): Promise<DrivenTab> => {
  const tab = await Tab.open<Vendor, Keep>(generation, place)
  await drive(tab)
  return tab
}

export const ours: Contestant = {
  name: "@effect-signalwire/promise",
  version: versionOf("../../../../packages/promise/package.json"),
  open: (place, who) =>
    openDriven<typeof Ours>("ours", place, (tab) =>
      tab.run(({ kept, vendor }, { token }) => {
        const heard: Record<string, Array<object>> = {}
        let client: Ours.SignalWireClient | undefined
        let page: Awaited<ReturnType<Ours.SignalWireClient["conversation"]["getConversationMessages"]>> | undefined
        const the = () => {
          if (client === undefined) throw new Error("not connected")
          return client
        }
        const take = (name: string) => (event: { readonly text?: string | null }) => {
          ;(heard[name] ??= []).push(event)
          if (name.startsWith("failing") && event.text === "boom") throw new Error("boom")
        }
        kept.driver = {
          connect: async () => {
            const silent = { warn: () => undefined, error: () => undefined }
            client = await vendor.SignalWire({ token, logger: silent })
          },
          join: async (addressId) => {
            await the().conversation.join({ addressId })
          },
          listen: async (name) => {
            await the().conversation.subscribe(take(name))
          },
          listenTo: async (name, addressId) => {
            await the().chat.subscribe(take(name), { addressId })
          },
          heard: (name) => heard[name] ?? [],
          send: async (message) => {
            await the().conversation.sendMessage(message)
          },
          history: async (addressId) => {
            page = await the().conversation.getConversationMessages({ addressId, pageSize: 2 })
            return page.data
          },
          next: async () => {
            await page?.nextPage()
          },
          replaceToken: (token) => the().updateToken(token)
        }
      }, who))
}

export const address: Contestant = {
  name: "@signalwire/js",
  version: versionOf("../../node_modules/vendor-address/package.json"),
  open: (place, who) =>
    openDriven<typeof VendorAddress>("address", place, (tab) =>
      tab.run(({ kept, vendor }, { token }) => {
        type Client = Awaited<ReturnType<typeof VendorAddress.SignalWire>>
        const heard: Record<string, Array<object>> = {}
        let client: Client | undefined
        let page: Awaited<ReturnType<Client["conversation"]["getConversationMessages"]>> | undefined
        const the = () => {
          if (client === undefined) throw new Error("not connected")
          return client
        }
        const take = (name: string) => (event: { readonly text?: string | null }) => {
          ;(heard[name] ??= []).push(event)
          if (name.startsWith("failing") && event.text === "boom") throw new Error("boom")
        }
        kept.driver = {
          connect: async () => {
            client = await vendor.SignalWire({ token })
          },
          join: async (addressId) => {
            await the().conversation.join({ addressId })
          },
          listen: async (name) => {
            await the().conversation.subscribe(take(name))
          },
          listenTo: async (name, addressId) => {
            await the().chat.subscribe({ addressId, onMessage: take(name) })
          },
          heard: (name) => heard[name] ?? [],
          send: async (message) => {
            await the().conversation.sendMessage(message)
          },
          history: async (addressId) => {
            page = await the().conversation.getConversationMessages({ addressId, pageSize: 2 })
            return page.data
          },
          next: async () => {
            await page?.nextPage()
          },
          replaceToken: (token) => the().updateToken(token)
        }
      }, who))
}

const group: Contestant = {
  name: "@signalwire/client",
  version: versionOf("../../node_modules/vendor-group/package.json"),
  open: (place, who) =>
    openDriven<typeof VendorGroup>(
      "group",
      place,
      (tab) =>
        tab.run(({ kept, vendor }, { addressId: fromAddressId, token }) => {
          type Client = Awaited<ReturnType<typeof VendorGroup.SignalWire>>
          const heard: Record<string, Array<object>> = {}
          let client: Client | undefined
          let page: Awaited<ReturnType<Client["conversation"]["getConversationMessages"]>> | undefined
          const the = () => {
            if (client === undefined) throw new Error("not connected")
            return client
          }
          const take = (name: string) => (event: { readonly text?: string | null }) => {
            ;(heard[name] ??= []).push(event)
            if (name.startsWith("failing") && event.text === "boom") throw new Error("boom")
          }
          // joining is how this generation learns the id of a conversation
          const join = async (addressId: string) => {
            const { group_id } = await the().conversation.join({
              fromAddressId,
              addressIds: [addressId, fromAddressId]
            })
            return group_id
          }
          kept.driver = {
            connect: async () => {
              client = await vendor.SignalWire({ token })
            },
            join: async (addressId) => {
              await join(addressId)
            },
            listen: async (name) => {
              await the().conversation.subscribe(take(name))
            },
            listenTo: async (name, addressId) => {
              // it asks for an address, and compares it with the group
              await the().chat.subscribe({ addressId: await join(addressId), onMessage: take(name) })
            },
            heard: (name) => heard[name] ?? [],
            send: async ({ addressId, ...message }) => {
              await the().conversation.sendMessage({ ...message, groupId: await join(addressId), fromAddressId })
            },
            history: async (addressId) => {
              page = await the().conversation.getConversationMessages({ groupId: await join(addressId), pageSize: 2 })
              return page.data
            },
            next: async () => {
              await page?.nextPage()
            },
            replaceToken: (token) => the().updateToken(token)
          }
        }, who)
    )
}

const v4: Contestant = {
  name: "@signalwire/js",
  version: versionOf("../../node_modules/vendor-v4/package.json"),
  sendsTextOnly: "`sendText` takes a text and nothing else",
  open: (place, who) =>
    openDriven<typeof VendorV4>("v4", place, (tab) =>
      tab.run(({ kept, until, vendor }, { token }) => {
        const heard: Record<string, () => ReadonlyArray<object>> = {}
        let client: VendorV4.SignalWire | undefined
        let refresh: ((token: string) => void) | undefined
        let more: () => Promise<void> = () => Promise.reject(new Error("nothing was read"))
        const the = () => {
          if (client === undefined) throw new Error("not connected")
          return client
        }
        const meet = async (id: string) => {
          let address: VendorV4.Address | undefined
          the().directory?.get$(id)?.subscribe((found) => {
            address = found
          })
          return until("the address", () => address)
        }
        // there is no listener but the list of one address
        const listen = async (name: string, addressId: string) => {
          const found = await meet(addressId)
          let list: { readonly loading: boolean } | undefined
          found.textMessages$.subscribe((texts) => {
            list = texts
            heard[name] = () => texts?.values.map(({ id, text }) => ({ id, text })) ?? []
            more = async () => {
              texts?.loadMore()
              await until("the page", () => texts?.loading === false)
            }
            if (name.startsWith("failing") && texts?.values.some(({ text }) => text === "boom")) throw new Error("boom")
          })
          await until("the newest messages", () => list?.loading === false)
        }
        kept.driver = {
          connect: async (life) => {
            client = new vendor.SignalWire({
              authenticate: () => Promise.resolve({ token, expiry_at: Date.now() + life }),
              // answered when a scenario has another token
              refresh: () =>
                new Promise((resolve) => {
                  refresh = (token) => resolve({ token, expiry_at: Date.now() + 3_600_000 })
                })
            })
            client.errors$.subscribe(() => undefined)
            await until("connected and registered", () => the().isConnected && the().isRegistered)
          },
          // done by listening and by sending
          join: () => Promise.resolve(),
          listen,
          listenTo: listen,
          heard: (name) => heard[name]?.() ?? [],
          send: async ({ addressId, text }) => {
            await (await meet(addressId)).sendText(text)
          },
          history: async (addressId) => {
            await listen("history", addressId)
            return heard["history"]?.() ?? []
          },
          next: () => more(),
          replaceToken: async (token) => {
            const answer = await until("refresh", () => refresh, 25_000).catch(() => undefined)
            if (answer === undefined) throw new Error("its provider's `refresh` was not called")
            answer(token)
          }
        }
      }, who))
}

export const contestants: ReadonlyArray<Contestant> = [ours, address, group, v4]
