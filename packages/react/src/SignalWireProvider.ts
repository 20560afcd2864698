"use client"
/**
 * The provider of the client that hooks use.
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
import * as ClientSource from "./internal/clientSource.ts"
import * as Stores from "./internal/stores.ts"

/** The props of {@link SignalWireProvider}: either a `client`, or the `options` to create one. */
export type SignalWireProviderProps =
  & { readonly children?: ReactNode }
  & (
    | {
      /** A client that the application creates and disconnects. */
      readonly client: SignalWireClient
      readonly options?: undefined
    }
    | {
      /**
       * The options of a client, which is disconnected when the provider unmounts. A changed `token` is passed to the
       * running client; if the client could not be created with the previous token, it is created with the new one. The
       * client always calls the latest `onRefreshToken`. Changes of other options have no effect: to apply them, or to
       * switch to another subscriber, change the provider's `key`.
       */
      readonly options: SignalWireOptions
      readonly client?: undefined
    }
  )

const Context = createContext<Stores.Stores>(Stores.make(ClientSource.withoutProvider))

/** Returns the stores of the nearest provider. For the hooks of this package. */
export const useStores = (): Stores.Stores => useContext(Context)

/** Runs before the effects of child components, which may need the client. A server renders without any effects. */
const useEarlyEffect = typeof document === "undefined" ? useEffect : useLayoutEffect

/** Keeps what the hooks use running while the provider is mounted, also while a component suspends below it. */
const useRetained = (stores: Stores.Stores): void => {
  useEarlyEffect(() => stores.retain(), [stores])
  // layout effects end while the provider is hidden because a component suspends
  useEffect(() => stores.retain(), [stores])
}

const ClientProvider = (
  { children, client }: { readonly client: SignalWireClient; readonly children: ReactNode }
) => {
  const stores = useMemo(() => Stores.make(ClientSource.fromClient(client)), [client])
  useRetained(stores)
  return createElement(Context.Provider, { value: stores }, children)
}

const OptionsProvider = (
  { children, options }: { readonly options: SignalWireOptions; readonly children: ReactNode }
) => {
  const [{ source, stores }] = useState(() => {
    const source = ClientSource.fromOptions(options)
    return { source, stores: Stores.make(source) }
  })
  useRetained(stores)
  useEffect(() => source.update(options), [source, options])
  return createElement(Context.Provider, { value: stores }, children)
}

/**
 * Provides a client to the hooks of all components below. A client created from `options` connects when a component
 * first uses live data, opens one socket for all of them, also in strict mode, and is disconnected when the provider
 * unmounts.
 *
 * ```tsx
 * <SignalWireProvider options={{ token }}>
 *   <Chat />
 * </SignalWireProvider>
 * ```
 */
export const SignalWireProvider = ({ children, client, options }: SignalWireProviderProps): ReactNode =>
  client === undefined
    ? createElement(OptionsProvider, { options, children })
    : createElement(ClientProvider, { client, children })
