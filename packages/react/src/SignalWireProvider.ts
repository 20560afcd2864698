"use client"
/**
 * Where the hooks of a tree get their client from.
 *
 * @since 0.1.0
 */
import type { SignalWireClient, SignalWireOptions } from "@effect-signalwire/promise"
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState
} from "react"
import * as Source from "./internal/source.ts"
import * as Stores from "./internal/stores.ts"

/** The props of {@link SignalWireProvider}: a client, or the options to create one. */
export type SignalWireProviderProps =
  & { readonly children?: ReactNode }
  & (
    | {
      /** A client that you create, and disconnect. */
      readonly client: SignalWireClient
      readonly options?: undefined
    }
    | {
      /**
       * The options of a client, which ends with the provider. Another `token` goes to the running client, and creates
       * the one that could not be created without it; `onRefreshToken` is always the newest. For other options, or
       * another subscriber, change the provider's `key`.
       */
      readonly options: SignalWireOptions
      readonly client?: undefined
    }
  )

const Context = createContext<Stores.Stores>(Stores.make(Source.none))

/** Returns what the provider above offers; for the hooks of this package. */
export const useStores = (): Stores.Stores => useContext(Context)

/** Before the effects of components underneath, which may need the client; there are none of either on a server. */
const useEarlyEffect = typeof document === "undefined" ? useEffect : useLayoutEffect

const Given = ({ children, client }: { readonly client: SignalWireClient; readonly children: ReactNode }) => {
  const stores = useMemo(() => Stores.make(Source.given(client)), [client])
  useEarlyEffect(() => stores.retain(), [stores])
  return createElement(Context.Provider, { value: stores }, children)
}

const Owned = ({ children, options }: { readonly options: SignalWireOptions; readonly children: ReactNode }) => {
  const [{ source, stores }] = useState(() => {
    const source = Source.owned(options)
    return { source, stores: Stores.make(source) }
  })
  useEarlyEffect(() => stores.retain(), [stores])
  useEffect(() => source.update(options), [source, options])
  return createElement(Context.Provider, { value: stores }, children)
}

/**
 * Provides a client to the hooks underneath. A client created from `options` connects when a component first uses
 * something live, has one socket for all of them, also in strict mode, and is disconnected when the provider unmounts.
 *
 * ```tsx
 * <SignalWireProvider options={{ token }}>
 *   <Chat />
 * </SignalWireProvider>
 * ```
 */
export const SignalWireProvider = ({ children, client, options }: SignalWireProviderProps): ReactNode =>
  client === undefined
    ? createElement(Owned, { options, children })
    : createElement(Given, { client, children })
